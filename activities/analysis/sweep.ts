/**
 * From the contents of a sweep's artifacts to its results. Reading artifacts is the caller's business; everything here is
 * a pure function of what was read, and takes a sweep that is half done as it is.
 */
import type { DatasetCard, Example, Pairing } from '#workflows/contracts/dataset.ts';
import type { Baseline, Condition, Task } from '#workflows/contracts/experiment.ts';
import type {
  BaseFacts,
  BaselineResults,
  CellResults,
  Evaluation,
  HeadFindings,
  LossPoint,
  PredictionSample,
  ResultStatus,
  SettingResults,
  SourceFacts,
  StageFacts,
  SweepResults,
} from '#workflows/contracts/report.ts';
import type { HeadScores, Masking, Metrics, Patching, Prediction } from '#workflows/contracts/results.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { CITATION } from '#activities/paper/tables.ts';
import { agreement, measuredSettings } from './agreement.ts';
import { compareWithPaper } from './compared-tables.ts';
import { correlations } from './correlations.ts';
import { inspect, type InspectedFiles } from './inspection.ts';
import { bootstrapMean, LEVEL, RESAMPLES, type Bootstrap } from './intervals.ts';
import { cosine, recall, retrievalHeads, scoreKind } from './heads.ts';
import { patchingFindings } from './patching.ts';
import { siblingChecks } from './siblings.ts';

/** Contents of an `evaluate` artifact. */
export interface EvaluateFiles {
  metrics: Metrics;
  predictions: Prediction[];
}

interface Part {
  status: ResultStatus;
  /** Why it is failed or missing; null for done. */
  reason: string | null;
  stages: StageFacts[];
  /** Absent while the artifact is not there; likewise below. */
  evaluate?: EvaluateFiles;
}

export interface BaselineFiles extends Part {
  baseline: Baseline;
}

export interface CellFiles extends Part {
  condition: Condition;
  /** `card.json` of the cell's dataset. */
  card?: DatasetCard;
  /** `pairing.jsonl` of it. */
  pairing?: Pairing[];
  /** `steps.jsonl` of its training. */
  steps?: LossPoint[];
  /** `scores.json` of its head scoring. */
  scores?: HeadScores;
  /** A few of the examples that it was scored on. */
  inspected?: InspectedFiles;
  /** `masking.json` of its masking. */
  masking?: Masking;
  /** `patching.json` of its patching. */
  patching?: Patching;
  /** Why it could not be patched although that was asked for. */
  patchingReason?: string;
}

/** Everything that was read for one task with one model, tuned in one way from one seed. */
export interface SettingFiles {
  task: Task;
  model: string;
  variant?: string;
  seed?: number;
  /** The real test split: its stages, `card.json` and the lines of `test.jsonl`. */
  test: { stages: StageFacts[]; card?: DatasetCard; examples?: Example[] };
  baselines: BaselineFiles[];
  cells: CellFiles[];
}

export interface SweepFiles {
  /** With its defaults filled in. */
  spec: SweepSpec;
  sources: SourceFacts[];
  bases: BaseFacts[];
  settings: SettingFiles[];
  versions: Record<string, string>;
}

/** Questions whose answers the report quotes, per setting. */
export const SAMPLED_QUESTIONS = 8;

/** The sweep's results (`results.json`). @throws RangeError where artifacts contradict each other, naming the setting */
export function analyseSweep({ spec, sources, bases, settings, versions }: SweepFiles): SweepResults {
  const bootstrap: Bootstrap = { resamples: RESAMPLES, level: LEVEL, seed: spec.seed };
  const analysed = settings.map((setting) => analyseSetting(setting, bootstrap));
  const correlated = correlations(analysed);
  return {
    schemaVersion: 5,
    name: spec.name,
    description: spec.description,
    spec,
    sources,
    bases,
    settings: analysed,
    correlations: correlated,
    advisor: agreement(measuredSettings(analysed)),
    paper: { citation: CITATION, tables: compareWithPaper(spec, analysed, correlated) },
    methods: { bootstrap: { ...bootstrap } },
    versions,
  };
}

function analyseSetting(setting: SettingFiles, bootstrap: Bootstrap): SettingResults {
  const { task, model, variant, seed, test } = setting;
  const real = setting.cells.find(({ condition }) => condition === 'real');
  const reference: Reference = { ...(real?.evaluate && { metrics: real.evaluate.metrics }), ...(real?.scores && { scores: real.scores }) };
  const inSetting = <T>(what: string, compute: () => T): T => {
    try {
      return compute();
    } catch (error) {
      throw new RangeError(`${task}, ${model}, ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  const baselines = setting.baselines.map(({ baseline, status, reason, stages, evaluate }): BaselineResults => ({
    baseline,
    status,
    reason,
    stages,
    evaluation: evaluate ? inSetting(baseline, () => evaluation(evaluate.metrics, reference.metrics, bootstrap)) : null,
  }));
  const cells = setting.cells.map((cell): CellResults => ({
    condition: cell.condition,
    status: cell.status,
    reason: cell.reason,
    stages: cell.stages,
    dataset: cell.card ?? null,
    training: cell.steps ? { loss: cell.steps } : null,
    evaluation: cell.evaluate
      ? inSetting(cell.condition, () => evaluation((cell.evaluate as EvaluateFiles).metrics, cell === real ? undefined : reference.metrics, bootstrap))
      : null,
    heads: cell.scores ? inSetting(cell.condition, () => headFindings(task, cell.scores as HeadScores, reference.scores)) : null,
    inspection: cell.scores && cell.inspected ? inSetting(cell.condition, () => inspect(cell.inspected as InspectedFiles, (cell.scores as HeadScores)[scoreKind(task)])) : null,
    masking: cell.masking ?? null,
    patching: cell.patching ? patchingFindings(cell.patching) : null,
    patchingReason: cell.patchingReason ?? null,
  }));
  return {
    task,
    model,
    ...(variant !== undefined && { variant }),
    ...(seed !== undefined && { seed }),
    test: { stages: test.stages, dataset: test.card ?? null },
    baselines,
    cells,
    siblings: siblingChecks(task, new Map(setting.cells.flatMap(({ condition, pairing }) => (pairing ? [[condition, pairing] as const] : [])))),
    predictions: inSetting('predictions', () => samplePredictions(setting, bootstrap.seed)),
  };
}

/** What the model tuned on real data did, which the others are held against. */
interface Reference {
  metrics?: Metrics;
  scores?: HeadScores;
}

/** F1 and exact match with intervals, and the paired difference to the reference over the same questions. */
export function evaluation(metrics: Metrics, reference: Metrics | undefined, bootstrap: Bootstrap): Evaluation {
  return {
    examples: metrics.examples,
    f1: bootstrapMean(metrics.perExample.map(({ f1 }) => f1), bootstrap),
    exactMatch: bootstrapMean(metrics.perExample.map((example) => example.exactMatch), bootstrap),
    f1MinusReal: reference ? pairedDifference(metrics, reference, bootstrap) : null,
  };
}

function pairedDifference(metrics: Metrics, reference: Metrics, bootstrap: Bootstrap) {
  if (metrics.perExample.length !== reference.perExample.length) {
    throw new RangeError(`perExample: ${reference.perExample.length} questions expected, as of the real cell, found ${metrics.perExample.length}`);
  }
  const differences = metrics.perExample.map(({ id, f1 }, at) => {
    const other = reference.perExample[at] as Metrics['perExample'][number];
    if (other.id !== id) throw new RangeError(`perExample[${at}].id: expected "${other.id}", as of the real cell, found "${id}"`);
    return f1 - other.f1;
  });
  return bootstrapMean(differences, bootstrap);
}

/** Counts and overlaps of a cell's heads with those of the real cell (paper, sections 4.1 and 4.2). */
export function headFindings(task: Task, scores: HeadScores, reference: HeadScores | undefined): HeadFindings {
  const kind = scoreKind(task);
  const heads = retrievalHeads(scores[kind]);
  return {
    layers: scores.layers,
    heads: scores.heads,
    examples: scores.examples,
    kind,
    retrieval: scores.retrieval,
    insight: scores.insight,
    ownF1: scores.f1,
    positive: heads.length,
    recall: reference ? recall(scores[kind], reference[kind]) : null,
    cosine: reference ? cosine(scores[kind], reference[kind]) : null,
  };
}

/** What every model wrote for a few questions of the test split, drawn with the sweep's seed and shown in test order. */
function samplePredictions({ task, test, baselines, cells }: SettingFiles, seed: number): PredictionSample[] {
  const examples = test.examples ?? [];
  const models = [
    ...baselines.map(({ baseline, evaluate }) => ({ by: baseline, evaluate })),
    ...cells.map(({ condition, evaluate }) => ({ by: condition, evaluate })),
  ];
  const drawn = seededRandom('sampled-questions', seed, task)
    .sample([...examples.keys()], Math.min(SAMPLED_QUESTIONS, examples.length))
    .sort((a, b) => a - b);
  return drawn.map((at) => {
    const { id, question, answers } = examples[at] as Example;
    return {
      id,
      question,
      answers,
      outputs: models.flatMap(({ by, evaluate }) => {
        if (!evaluate) return [];
        const [prediction, score] = [evaluate.predictions[at], evaluate.metrics.perExample[at]];
        if (prediction?.id !== id || score?.id !== id) {
          throw new RangeError(`${by}, question ${at}: expected "${id}", found "${prediction?.id}" predicted and "${score?.id}" scored`);
        }
        return [{ by, text: prediction.text, f1: score.f1, exactMatch: score.exactMatch, stoppedBy: prediction.stoppedBy }];
      }),
    };
  });
}
