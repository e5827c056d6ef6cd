/** Whether conditions differ in the intended dimension only (paper, section 3.1), from what was written of every example. */
import type { Pairing } from '#workflows/contracts/dataset.ts';
import type { Condition, Task } from '#workflows/contracts/experiment.ts';
import type { SiblingCheck } from '#workflows/contracts/report.ts';

const SIBLINGS: readonly Pick<SiblingCheck, 'conditions' | 'dimension'>[] = [
  { conditions: ['high/high', 'high/low'], dimension: 'diversity' },
  { conditions: ['low/high', 'low/low'], dimension: 'diversity' },
  { conditions: ['high/high', 'low/high'], dimension: 'expression' },
  { conditions: ['high/low', 'low/low'], dimension: 'expression' },
];

/** A context of high diversity has no padding; one of low diversity at least so much, the rest being titles and other facts. */
const LOW_DIVERSITY = 0.5;
/** Siblings are made of the same rows but for so few whose texts could not be had in one of them. */
const SAME_ROWS = 0.95;
/** Contexts of the same diversity have shares of padding that are so near each other. */
const ALIKE = 0.1;

/** One check for each two siblings that are both there. */
export function siblingChecks(task: Task, pairings: ReadonlyMap<Condition, readonly Pairing[]>): SiblingCheck[] {
  return SIBLINGS.flatMap(({ conditions, dimension }) => {
    const [first, second] = conditions.map((condition) => pairings.get(condition));
    return first && second ? [check(task, conditions, dimension, first, second)] : [];
  });
}

function check(task: Task, conditions: SiblingCheck['conditions'], dimension: SiblingCheck['dimension'], first: readonly Pairing[], second: readonly Pairing[]): SiblingCheck {
  const others = new Map(second.map((pairing) => [pairing.id, pairing]));
  const pairs = first.flatMap((one) => {
    const other = others.get(one.id);
    return other === undefined ? [] : [{ one, other }];
  });
  const shared = pairs.length;
  const sameQuestion = pairs.filter(({ one, other }) => one.question === other.question).length;
  const sameNeedles = pairs.filter(({ one, other }) => one.needles === other.needles).length;
  const padding: [number, number] = [meanPadding(first), meanPadding(second)];
  const exception = exceptionOf(task, conditions, sameQuestion);
  const sameRows = shared > 0 && shared >= SAME_ROWS * Math.max(first.length, second.length);
  const needlesHold = dimension === 'expression' || exception !== null ? sameNeedles === 0 : sameNeedles === shared && sameQuestion === shared;
  const paddingHolds = dimension === 'diversity' ? padding[0] === 0 && padding[1] >= LOW_DIVERSITY : Math.abs(padding[0] - padding[1]) < ALIKE;
  return { conditions, dimension, shared, alone: [first.length - shared, second.length - shared], sameQuestion, sameNeedles, padding, holds: sameRows && needlesHold && paddingHolds, exception };
}

/** MDQA's low, high has made-up paragraphs with questions of their own (prompt A.2), so its rows are those of its siblings by number only. */
function exceptionOf(task: Task, [first, second]: SiblingCheck['conditions'], sameQuestion: number): string | null {
  return task === 'mdqa' && first === 'low/high' && second === 'low/low' && sameQuestion === 0 ? 'the paragraphs of prompt A.2 have questions of their own' : null;
}

function meanPadding(pairings: readonly Pairing[]): number {
  return pairings.length === 0 ? 0 : pairings.reduce((sum, { padding }) => sum + padding, 0) / pairings.length;
}
