/** How a sweep is run, which changes none of its results and so no key: what a failure does, how much is done at once, whom to tell. */
import { z } from 'zod';
import { Stage } from './artifacts.ts';
import { PublicUrl } from './source-file.ts';

/** What happens to a cell that fails for good: it waits for a person (`park`), or is given up, so that the sweep ends as partial without one. */
export const OnFailure = z.enum(['park', 'finish']);
export type OnFailure = z.infer<typeof OnFailure>;

/** Of two tasks that wait for a worker the one with the lower number goes first (Temporal's priority keys). */
export const PriorityKey = z.int().min(1).max(5);

/** Where none is given: the server's default. */
export const USUAL_PRIORITY = 3;

/** Cells and baselines that run at once; null: as many as there are. What workers do at once is theirs to say. */
export const Concurrency = z.int({ error: (issue) => (issue.code === 'invalid_type' ? 'a whole number, or null for all' : undefined) }).min(1).max(10_000).nullable();

const Hours = z.number().positive().max(24 * 60);
const HoursByStage = z.strictObject(Object.fromEntries(Stage.options.map((stage) => [stage, Hours.optional()])) as Record<Stage, z.ZodOptional<typeof Hours>>);

/** Longest time that one attempt of a stage may take, in hours: of any stage, or by stage. Stages that are not named have that of their kind of work (policies.ts). */
export const TimeoutHours = z.union([Hours, HoursByStage], { error: 'hours, or hours by stage ({"train": 72, "mask": 12})' });
export type TimeoutHours = z.infer<typeof TimeoutHours>;

/** Where news of a sweep are posted as JSON. Specs are kept in histories, so a secret URL is named by the variable of the workers' environment that holds it. */
export const Webhook = z.union([z.strictObject({ url: PublicUrl }), z.strictObject({ variable: z.string().regex(/^NEEDLEWORK_WEBHOOK[A-Z0-9_]*$/, 'must be NEEDLEWORK_WEBHOOK, or begin with NEEDLEWORK_WEBHOOK_') })], {
  error: '{"url": a URL without credentials} or {"variable": "NEEDLEWORK_WEBHOOK…"}, an environment variable of the light workers',
});
export type Webhook = z.infer<typeof Webhook>;

export const RunSpec = z.strictObject({
  onFailure: OnFailure.default('park'),
  concurrency: Concurrency.default(null),
  /** Left out: the priority that the sweep itself was started with. */
  priority: PriorityKey.optional(),
  /** Left out: that of the kind of work (policies.ts). */
  timeoutHours: TimeoutHours.optional(),
  /** Told when cells block, and when the sweep ends. */
  webhook: Webhook.optional(),
});
export type RunSpec = z.infer<typeof RunSpec>;
