/**
 * What one run of a sweep hands to the next, where it continues as new since its history has grown long: what people have said, and
 * what no artifact tells. Bounded by the units of the sweep, and small: a server takes 2 MB. Both runs are of the same code.
 */
import { z } from 'zod';
import { ArtifactKey, Stage } from './artifacts.ts';
import { CellStatus, Failure, SweepProgress } from './progress.ts';
import { FingerprintsResult, LlmUse } from './requests.ts';
import { Concurrency, OnFailure, PriorityKey, TimeoutHours } from './run.ts';
import { SaidChange } from './steering.ts';

/** Index in a table of what would else be said of many units. */
const At = z.int().nonnegative();

/** What people have told a sweep, as far as it is about all of it. */
export const Said = z.strictObject({
  paused: z.boolean(),
  onFailure: OnFailure,
  /** No unit begins any more. */
  ending: z.boolean(),
  concurrency: Concurrency,
  priority: PriorityKey.optional(),
  /** Of stages that units share. */
  sharedTimeoutHours: TimeoutHours.optional(),
});
export type Said = z.infer<typeof Said>;

/** `parked`: waits for a person, in the sweep. `in its workflow`: the same, in the workflow of the cell. */
const Stopped = z.strictObject({ state: z.enum(['parked', 'in its workflow', 'given up']), failures: z.array(At) });

const CarriedUnit = z.strictObject({
  /** It is past its wait for a slot, so it goes on before others begin. */
  begun: z.boolean(),
  /** Stage that ran last. */
  stage: Stage.nullable(),
  /** Stages that the sweep has run, and paid for. */
  ran: z.array(Stage),
  /** Stages that were there before. */
  reused: z.array(Stage),
  hasWorkflow: z.boolean(),
  /** Left out: what follows from its stages. */
  status: CellStatus.extract(['skipped', 'failed']).optional(),
  /** Left out: it goes on. */
  cell: Stopped.optional(),
  patch: Stopped.optional(),
  /** A person does without what its workflow is blocked at, which that may not have heard. */
  skips: z.literal(true).optional(),
});

export const Carried = z.strictObject({
  /** Which run of the sweep this is for; the first one has nothing carried to it. */
  run: z.int().min(2),
  /** Of what lies outside the store, as the first run found it: one sweep has one set of keys. */
  fingerprints: FingerprintsResult,
  artifactsAt: z.string(),
  said: Said,
  /** By unit. */
  priorities: z.record(z.string(), PriorityKey),
  changes: z.array(SaidChange),
  changeOf: z.record(z.string(), At),
  /** How the LLM may be used by now; left out where none is. */
  llm: LlmUse.optional(),
  /** Why stages wait for a higher cost ceiling, by what they are called. */
  waitingForMoney: z.record(z.string(), z.string()),
  /** How often what failed was put right, by unit. */
  healings: z.record(z.string(), z.int().nonnegative()),
  cost: SweepProgress.shape.cost.omit({ dollars: true }),
  /** What is shown, and was told to the webhook. */
  unattended: z.int().nullable(),
  refused: z.string().nullable(),
  /** Messages are cut where there are very many; without a remedy where that follows from the type. */
  failures: z.array(Failure.partial({ remedy: true })),
  units: z.record(z.string(), CarriedUnit),
  /** Why cells could not be patched, by id. */
  unpatched: z.record(z.string(), z.string()),
  /** `timeoutHours`: where a signal had it tried again with others than units share. */
  shared: z.array(z.strictObject({ key: ArtifactKey, name: z.string(), status: CellStatus, reused: z.boolean(), failure: At.nullable(), timeoutHours: TimeoutHours.optional() })),
});
export type Carried = z.infer<typeof Carried>;
