/** Which written texts each condition rests on (paper, section 3.2 and appendix A). */
import type { Condition, Task } from '../contracts/experiment.ts';
import type { Expression, Written } from '../contracts/writing.ts';

export interface Writing {
  what: Written;
  expression: Expression;
}

/** The written inputs of a dataset, by role; none for conditions that are not written. */
export interface Writings {
  /** The needles and what is asked about them. */
  needles?: Writing;
  /** Their haystack, where it is written too. */
  passages?: Writing;
}

const needles = (expression: Expression): Writing => ({ what: 'needles', expression });
const low: Writings = { needles: needles('low') };
const high: Writings = { needles: needles('high') };

const WRITINGS: Readonly<Partial<Record<Task, Partial<Record<Condition, Writings>>>>> = {
  mdqa: {
    'high/high': { ...high, passages: { what: 'passages', expression: 'high' } },
    'high/low': high,
    // Paragraphs about fake entities with questions of their own: each is a needle's document, and haystack of the others.
    'low/high': { needles: { what: 'paragraphs', expression: 'low' } },
    'low/low': low,
  },
  musique: {
    'high/high': { ...high, passages: { what: 'paragraphs', expression: 'high' } },
    'high/low': high,
    'low/high': { ...low, passages: { what: 'paragraphs', expression: 'low' } },
    'low/low': low,
  },
  // Its haystack is insights of the same topic as they are, or padding.
  summhay: { 'high/high': high, 'high/low': high, 'low/high': low, 'low/low': low },
};

export function writingsOf(task: Task, condition: Condition): Writings {
  return WRITINGS[task]?.[condition] ?? {};
}

/** Whether a condition's texts are written for it. */
export function isWritten(task: Task, condition: Condition): boolean {
  return WRITINGS[task]?.[condition] !== undefined;
}
