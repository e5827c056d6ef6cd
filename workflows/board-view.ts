/** What queries and the UI show of a board; pure. */
import { advanceText, inLine, MADE_ANEW, OF, ROOM_BELOW, stageText } from './advance-text.ts';
import type { Stage } from './contracts/artifacts.ts';
import { InvalidInput, parse } from './contracts/parse.ts';
import { type CellProgress, CellsQuery, type SweepFailures, type SweepPlan, type SweepProgress } from './contracts/progress.ts';
import { type Board, graphOf, hasFinished, statusOf, waitingForOf } from './board.ts';
import { conditionLabel } from './ids.ts';
import { artifactKey } from './plan/keys.ts';
import { unitsOf } from './plan/plan.ts';
import { steeringText } from './steering/told.ts';

/** Rows of the table in the UI; of a larger grid those come first in which something happens. */
const MOST_ROWS = 300;
const FIRST: readonly CellProgress['status'][] = ['blocked', 'running', 'failed', 'skipped', 'done', 'waiting'];

/** Units that a query is about; null for all. Throws `InvalidInput` that names those that are not in the sweep. */
export function askedOf({ cells }: Board, given: unknown): ReadonlySet<string> | null {
  const asked = parse(CellsQuery, given ?? {}, 'the question').cells;
  const unknown = asked?.filter((id) => !cells.has(id)) ?? [];
  if (unknown.length > 0) throw new InvalidInput('the question', unknown.map((id) => `cells: found "${id}", which is not in the sweep; allowed: ids as in progress`));
  return asked === undefined ? null : new Set(asked);
}

/** The answer to the `progress` query: of the cells `asked` about, or of all; these without their artifacts where there are more than `withArtifacts`. */
export function progressOf(sweep: string, board: Board, asked: ReadonlySet<string> | null = null, withArtifacts = Infinity): SweepProgress {
  const all = [...board.cells.values()];
  const shared = [...board.shared.values()];
  const count = (wanted: CellProgress['status']) => all.filter((cell) => cell.status === wanted).length;
  const sharedDone = shared.filter((stage) => stage.status === 'done');
  const done = sum(all, (cell) => cell.stagesDone) + sharedDone.length;
  const reused = sum(all, (cell) => cell.stagesReused) + sharedDone.filter((stage) => stage.reused).length;
  const status = statusOf(board);
  return {
    sweep,
    status,
    waitingFor: waitingForOf(board, status),
    steering: board.steering,
    counts: { waiting: count('waiting'), running: count('running'), blocked: count('blocked'), done: count('done'), skipped: count('skipped'), failed: count('failed') },
    stages: { done, total: sum(all, (cell) => cell.stagesTotal) + shared.length, reused, ran: done - reused },
    cost: { dollars: board.cost.llmDollars + (board.cost.gpuDollars ?? 0), ...board.cost },
    artifactsAt: board.artifactsAt,
    shared,
    cells: asked === null ? (all.length > withArtifacts ? all.map((cell) => ({ ...cell, artifacts: {} })) : all) : all.filter(({ id }) => asked.has(id)),
  };
}

/** The answer to the `failures` query. */
export function failuresOf({ cells }: Board): SweepFailures {
  return [...cells.values()].flatMap(({ id, status, failures }) => failures.map((failure) => ({ cell: id, status, ...failure })));
}

/** The answer to the `plan` query: of the units `asked` about, or of the first `most`. */
export function planOf(board: Board, asked: ReadonlySet<string> | null = null, most = Infinity): SweepPlan {
  const { plan } = board;
  const { needs } = graphOf(board);
  const stateOfShared = (key: string) => {
    const shared = board.shared.get(key);
    return shared === undefined ? 'waiting' : shared.status === 'done' ? (shared.reused ? 'reused' : 'done') : shared.status === 'running' ? 'running' : 'blocked';
  };
  const stateOfOwn = (cell: CellProgress, stage: Stage) => {
    if (hasFinished(board, cell.id, stage)) return 'done';
    if (stage in cell.running) return 'running';
    if (board.givenUp.get(cell.id)?.has(stage) || cell.status === 'skipped' || cell.status === 'failed') return 'given up';
    return cell.failures.some((failure) => failure.stage === stage) ? 'blocked' : 'waiting';
  };
  const all = unitsOf(plan);
  const told = asked === null ? all.slice(0, most) : all.filter(({ id }) => asked.has(id));
  return {
    units: told.map(({ id, shared, stages }) => {
      const cell = board.cells.get(id)!;
      const entry = (role: string, recipe: (typeof shared)['source'], state: SweepPlan['units'][number]['stages'][number]['state']) => {
        const key = artifactKey(recipe);
        return { role, stage: recipe.stage, key, state, needs: [...new Set(needs.get(key) ?? [])] };
      };
      return {
        id,
        stages: [
          ...Object.entries(shared).map(([role, recipe]) => entry(role, recipe, stateOfShared(artifactKey(recipe)))),
          ...Object.entries<(typeof shared)['source']>({ ...stages }).map(([role, recipe]) => entry(role, recipe, stateOfOwn(cell, recipe.stage))),
        ],
      };
    }),
    notTold: all.length - told.length,
    skipped: plan.skipped,
  };
}

/** What the UI shows of a sweep in Markdown, live: how it stands, what is blocked and what to do about it, what cells share and is not there yet, and the grid as a table. */
export function boardMarkdown(sweep: string, board: Board): string {
  const all = [...board.cells.values()];
  const rows = all.length <= MOST_ROWS ? all : FIRST.flatMap((status) => all.filter((cell) => cell.status === status)).slice(0, MOST_ROWS);
  const { status, waitingFor, steering, counts, stages, cost } = progressOf(sweep, board, NOBODY);
  const steered = steeringText(steering);
  const told = FIRST.flatMap((wanted) => (counts[wanted] === 0 ? [] : [`${counts[wanted]} ${wanted}`]));
  return [
    `Sweep: **${status}**${waitingFor === null ? '' : `: ${inLine(waitingFor)}`}${told.length === 0 ? '' : ` (${told.join(', ')})`}`,
    '',
    `Stages: **${stages.done}** of ${stages.total} done, ${stages.reused} of them reused; ${cost.llmDollars.toFixed(2)} dollars for texts, ${cost.trainerHours.toFixed(1)} hours of trainers${cost.gpuDollars === null ? '' : ` (${cost.gpuDollars.toFixed(2)} dollars)`}`,
    ...(steered === null ? [] : ['', `Steering: ${inLine(steered)}`]),
    ...(board.refused === null ? [] : ['', inLine(board.refused)]),
    ...blockedLines(sweep, all),
    ...sharedLines(board),
    '',
    '| Task | Model | Condition | Status | Stages | F1 | Heads > 0 |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(row),
    ...(rows.length < all.length ? ['', `and ${all.length - rows.length} more`] : []),
    ...ROOM_BELOW,
  ].join('\n');
}

/** No cell is asked about: what is counted is asked for. */
const NOBODY: ReadonlySet<string> = new Set();

/** Failures, and stages that cells share, that the UI shows. */
const MOST_LINES = 20;

function blockedLines(sweep: string, cells: readonly CellProgress[]): string[] {
  const failures = cells.flatMap((cell) => (cell.status === 'blocked' ? cell.failures : []));
  if (failures.length === 0) return [];
  // What cells share fails all of them at once.
  const causes = [...Map.groupBy(failures, ({ message }) => message).values()];
  const more = causes.length > MOST_LINES ? [`- and ${causes.length - MOST_LINES} more, which the query \`failures\` tells`] : [];
  return [
    '',
    '### Blocked',
    ...causes.slice(0, MOST_LINES).map(([first, ...others]) => `- ${inLine(first!.message)}${others.length === 0 ? '' : ` (stops ${others.length + 1} cells)`}. **What to do:** ${first!.remedy}`),
    ...more,
    '',
    `\`temporal workflow update execute --name retry\` \`--workflow-id ${sweep}\` tries all of it again; \`skip\` and \`finish\` do without`,
  ];
}

/** What cells share and is being made, or failed. */
function sharedLines({ shared }: Board): string[] {
  const unfinished = [...shared.values()].filter(({ status }) => status !== 'done');
  if (unfinished.length === 0) return [];
  const more = unfinished.length > MOST_LINES ? [`- and ${unfinished.length - MOST_LINES} more`] : [];
  return ['', '### Shared by cells', ...unfinished.slice(0, MOST_LINES).map(({ name, status, advance }) => `- ${name}: ${status === 'running' ? (advance === null ? 'running' : advanceText(advance, OF)) : `**${status}**`}`), ...more];
}

function row({ task, model, condition, variant, seed, status, stage, running, artifacts, stagesDone, stagesTotal, f1, retrievalHeads, failures }: CellProgress): string {
  const now = Object.entries(running).map(([name, advance]) => `${stageText(name as Stage, advance ?? null, OF)}${name in artifacts ? ` (${MADE_ANEW})` : ''}`).join('; ');
  const state = failures.length > 0 ? `**${status}** at ${failures.map((failure) => failure.stage).join(', ')}${now && `; ${now}`}` : status === 'running' ? now || (stage === null ? 'running' : `after ${stage}`) : [status, now].filter(Boolean).join('; ');
  return `| ${task} | ${model} | ${conditionLabel({ condition, variant, seed })} | ${state} | ${stagesDone}${OF}${stagesTotal} | ${f1 === null ? '' : f1.toFixed(2)} | ${retrievalHeads ?? ''} |`;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
