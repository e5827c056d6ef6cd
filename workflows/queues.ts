/** Task queues, by the resource that their work needs. */

/** Workflows and activities that need little; any worker. */
export const LIGHT_QUEUE = 'needlework';

/**
 * Texts that an LLM writes. Slots of their own, since hours of waiting for an endpoint must stand in nobody's way; the endpoint's limits are shared
 * by all workers through the store.
 */
export const LLM_QUEUE = 'needlework-llm';

/** Jobs of the trainer; one at a time per trainer process. */
export const TRAINER_QUEUE = 'needlework-gpu';

/** Every worker with a trainer listens here too, even while all its devices are busy. Nothing is ever put here. */
export const TRAINER_PRESENCE_QUEUE = 'needlework-gpu-presence';
