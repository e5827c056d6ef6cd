/** Chat completions of any OpenAI-compatible endpoint: each paid for once, within budgets and under a ceiling. */
export { type AskerOptions, type AskerStats, type OpenAsker, openAsker } from './asker.ts';
export { type Answered, type Asker, type ChatMessage, type ChatParameters, type ChatReply, type ChatRequest, type ChatUsage, requestKey, usageOf } from './chat.ts';
export { type BatchOptions, collectBatches, submitBatches } from './batches/index.ts';
export { CachedOnly, type OpenCachedOnly, openCachedOnly } from './cached-only.ts';
export type { TokensField } from './dialect.ts';
export type { LlmEnvironment } from './endpoint.ts';
export { LlmNotConfigured, LlmRefused, LlmUnavailable, NotCached, ReplyCacheDamaged } from './errors.ts';
export { CostCeilingReached } from './spending/ceiling.ts';
export { dollarsFor, type Price, PriceUnknown, priceOf } from './spending/prices.ts';
