/** How numbers and names are written, the same everywhere in the report. */
import { type Baseline, type Condition, dataOf, type Task } from '#workflows/contracts/experiment.ts';
import { ownCondition, ownTask } from '#workflows/tasks/lookup.ts';
import type { Interval, SettingResults, SourceFacts } from '#workflows/contracts/report.ts';
import { count } from './page/numbers.js';

export { count };

const CONDITIONS: Readonly<Record<Condition, string>> = {
  real: 'Real data',
  limited: 'Real data, limited',
  'limited-L1': 'Real data, limited (L1)',
  'limited-L2': 'Real data, limited (L2)',
  'limited-L3': 'Real data, limited (L3)',
  'high/high': 'High / High',
  'high/low': 'High / Low',
  'low/high': 'Low / High',
  'low/low': 'Low / Low',
  symbolic: 'Symbolic',
};
const BASELINES: Readonly<Record<Baseline, string>> = { untuned: 'Untuned', 'untuned-scaled': 'Untuned, theta scaled' };
const SOURCES: Readonly<Record<SourceFacts['kind'], string>> = {
  miniature: 'questions written from authored templates of the project (miniature)',
  'nq-open': 'real NQ-Open questions over real Wikipedia passages',
  musique: 'real MuSiQue questions over real Wikipedia paragraphs',
  summhay: 'real insights of Summary of a Haystack over its documents',
  rows: 'rows of a task of one’s own, from files',
  examples: 'finished examples from a file, used as they are (whatever they are, they stand in the place of real data)',
};
const TASKS: Readonly<Record<Task, string>> = { mdqa: 'MDQA', musique: 'MuSiQue', summhay: 'SummHay Citation' };

/** Row name of a condition or baseline, as in the paper's Table 1. */
export function nameOf(by: Condition | Baseline): string {
  const own = ownCondition(by);
  if (own !== undefined) return own.title;
  return by in CONDITIONS ? CONDITIONS[by as Condition] : BASELINES[by as Baseline];
}
/** As `nameOf`, where there is little room: "Real", "Limited (L1)". */
export const shortName = (condition: Condition): string => nameOf(condition).replace(/^Real data, l/, 'L').replace(/ data$/, '');
/** What a source asks about, after "asks" or alone. */
export const sourceText = (kind: SourceFacts['kind']): string => SOURCES[kind];
export const taskName = (task: Task): string => ownTask(task)?.title ?? TASKS[task];
/** "llama-3-8b, all-modules, seed 2". */
export function modelName({ model, variant, seed }: Pick<SettingResults, 'model' | 'variant' | 'seed'>): string {
  return [model, ...(variant === undefined ? [] : [variant]), ...(seed === undefined ? [] : [`seed ${seed}`])].join(', ');
}
/** "MDQA, llama-3-8b, all-modules, seed 2": one of a sweep's settings. */
export const settingName = (setting: Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed'>): string => `${taskName(setting.task)}, ${modelName(setting)}`;
/** "the model tuned on …" in a sentence. */
export function dataName(condition: Condition): string {
  const { subset } = dataOf(condition);
  if (subset !== null) return `limited real data (${subset})`;
  return { real: 'real data', limited: 'limited real data', symbolic: 'symbolic data' }[condition as string] ?? `${nameOf(condition)} data`;
}

/** Fixed decimals with a true minus sign. Rounding never leaves "−0.00". */
export function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
/** As `fixed`, with a plus sign for gains. */
export function signed(value: number, digits: number): string {
  const text = fixed(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}
/** Two decimals; "–" where there is no value. */
export const score = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : fixed(value, 2));
/** As `score`, with a plus sign for gains. */
export const difference = (value: number): string => signed(value, 2);
/** "0.47 to 0.65": a dash could be read as a minus. */
export const range = ({ low, high }: Pick<Interval, 'low' | 'high'>): string => `${score(low)} to ${score(high)}`;

/** "1 head", "2 heads". */
export const plural = (value: number, noun: string, several = `${noun}s`): string => `${count(value)} ${value === 1 ? noun : several}`;

/** 0.42 → "0.4 s", 75 → "1 min 15 s", 7300 → "2 h 2 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Hours of work, with two significant digits where it is little: an 8B model takes hours, a tiny one millionths of them. */
export function hoursText(hours: number): string {
  if (hours === 0 || hours >= 10) return hours.toFixed(1);
  return hours < 1e-4 ? '< 0.0001' : String(Number(hours.toPrecision(2)));
}

/** Dollars; "unknown" where a price is not known, "< $0.01" for what would round to nothing. */
export function dollarsText(value: number | null): string {
  if (value === null) return 'unknown';
  return value > 0 && value < 0.005 ? '< $0.01' : `$${value.toFixed(2)}`;
}

/** Parameter counts: 887808 → "0.89 million". */
export function parameters(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} billion`;
  if (value >= 1e4) return `${(value / 1e6).toFixed(2)} million`;
  return count(value);
}
/** A setting as written in a spec: 0.0002 → "2e-4", 1400 → "1,400". */
export function setting(value: number): string {
  if (Number.isInteger(value)) return count(value);
  return Math.abs(value) < 0.001 ? value.toExponential().replace('e-', 'e−') : String(value);
}
/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
