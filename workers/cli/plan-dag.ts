/** The DAG of a sweep as lines in the terminal: every stage, what becomes of it and why. Pure. */
import type { ArtifactKey, Recipe } from '#workflows/contracts/artifacts.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import type { Decision } from '#workflows/plan/decisions.ts';
import { gridOf } from '#workflows/plan/grid.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { type Plan, type Unit, unitsOf } from '#workflows/plan/plan.ts';

/** What becomes of every stage, by key; null where no store was looked into. */
export type Decisions = ReadonlyMap<ArtifactKey, Decision> | null;

const SHARED_NAMES: Readonly<Record<string, string>> = { source: 'source rows', corpus: 'corpus', base: 'base model', ranking: 'passage ranking', test: 'test split', needles: 'needles', passages: 'passages' };

const HEAD = [
  'source → dataset → train → evaluate (real test split)',
  '                        → score (own validation split) → mask',
  '                        → patch, with the real cell of the same task, model, variant and seed',
  'then the report over all of them',
];

/** With `keys` a line per stage, which has its key and its inputs; else a line per cell. */
export function planDag(spec: SweepSpec, plan: Plan, decided: Decisions, { keys = false } = {}): string[] {
  const line = keys ? stageLines(decided) : unitLine(decided);
  const units = unitsOf(plan);
  const width = Math.max(0, ...units.map(({ id }) => id.length));
  const whole = unrestricted(spec);
  return [
    ...HEAD,
    '',
    'Shared, each made once',
    ...sharedLines(units, decided, keys),
    '',
    `${plan.cells.length} ${plan.cells.length === 1 ? 'cell' : 'cells'} and ${plan.baselines.length} ${plan.baselines.length === 1 ? 'baseline' : 'baselines'}`,
    ...units.flatMap((unit) => line(unit, width, leftOutOf(unit, whole))),
    ...leftOutUnits(units, whole, keys),
    ...Object.entries(plan.skipped).map(([id, reason]) => `  ${id}  skipped: ${reason}`),
  ];
}

function sharedLines(units: readonly Unit[], decided: Decisions, keys: boolean): string[] {
  const shared = new Map<ArtifactKey, { role: string; recipe: Recipe; of: Set<string> }>();
  for (const { task, model, shared: stages } of units) {
    for (const [role, recipe] of Object.entries<Recipe>({ ...stages })) {
      const entry = shared.get(artifactKey(recipe)) ?? { role, recipe, of: new Set<string>() };
      entry.of.add(role === 'base' ? model : role === 'test' ? `${task}/${model}` : role === 'needles' || role === 'passages' ? `${task}, ${recipe.params.expression} ${recipe.params.what}` : task);
      shared.set(artifactKey(recipe), entry);
    }
  }
  return [...shared].map(([key, { role, recipe, of }]) => `  ${keys ? `${key.slice(0, 12)}  ` : ''}${SHARED_NAMES[role] ?? role} (${[...of].join('; ')})  ${textOf(recipe, decided)}`);
}

/** `mdqa/tiny/real  there: dataset, train · missing: evaluate, score`. */
function unitLine(decided: Decisions) {
  return ({ id, stages }: Unit, width: number, leftOut: readonly string[]): string[] => {
    const texts = Object.entries<Recipe>({ ...stages }).map(([stage, recipe]) => [stage, textOf(recipe, decided)] as const);
    const groups = [...Map.groupBy([...texts, ...leftOut.map((stage) => [stage, 'left out'] as const)], ([, text]) => text)];
    return [`  ${id.padEnd(width)}  ${groups.map(([text, of]) => `${text}: ${of.map(([stage]) => stage).join(', ')}`).join(' · ')}`];
  };
}

function stageLines(decided: Decisions) {
  return ({ id, stages }: Unit, _width: number, leftOut: readonly string[]): string[] => [
    `  ${id}`,
    ...Object.entries<Recipe>({ ...stages }).map(([stage, recipe]) => `    ${artifactKey(recipe).slice(0, 12)}  ${stage}  ${textOf(recipe, decided)}  ← ${Object.entries(recipe.inputs).map(([role, { key }]) => `${role} ${key.slice(0, 12)}`).join(', ') || 'nothing'}`),
    ...leftOut.map((stage) => `    ${''.padEnd(12)}  ${stage}  left out`),
  ];
}

function textOf(recipe: Recipe, decided: Decisions): string {
  if (decided === null) return 'not looked up';
  return decided.get(artifactKey(recipe))?.why ?? 'missing';
}

/** Stages of each unit of the grid if nothing were left out. */
function unrestricted({ leaveOut: _, ...spec }: SweepSpec): Map<string, readonly string[]> {
  return new Map<string, readonly string[]>(gridOf(spec).flatMap(({ baselines, cells }) => [...baselines.map(({ id }): [string, string[]] => [id, ['evaluate']]), ...cells.filter(({ lacking }) => lacking === null).map(({ id, stages }): [string, string[]] => [id, stages])]));
}

function leftOutOf({ id, stages }: Unit, whole: ReadonlyMap<string, readonly string[]>): string[] {
  return (whole.get(id) ?? []).filter((stage) => !(stage in stages));
}

function leftOutUnits(units: readonly Unit[], whole: ReadonlyMap<string, readonly string[]>, names: boolean): string[] {
  const there = new Set(units.map(({ id }) => id));
  const gone = [...whole.keys()].filter((id) => !there.has(id));
  if (gone.length === 0) return [];
  return [`  left out of the grid (leaveOut): ${names || gone.length <= 3 ? gone.join(', ') : `${gone.length} of ${whole.size} cells and baselines`}`];
}
