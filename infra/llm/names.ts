/** Names of objects and folders: one place says what lies where. */
import { createHash } from 'node:crypto';

/** A model as a part of object keys and paths: readable, and never the same for two models. */
export function modelSlug(model: string): string {
  const readable = model.toLowerCase().replace(/[^a-z0-9.]+/g, '-').slice(0, 40);
  return `${readable}-${createHash('sha256').update(model).digest('hex').slice(0, 16)}`;
}

/** Prefix of all shards of a model's replies. */
export function shardPrefix(model: string): string {
  return `replies/${modelSlug(model)}/`;
}

/** Another content each time that replies of a model were stored. */
export function newsObject(model: string): string {
  return `llm/news/${modelSlug(model)}`;
}

/** Prefix of the claims on requests of a model. */
export function claimPrefix(model: string): string {
  return `llm/asking/${modelSlug(model)}/`;
}

/** Prefix of all accounts of a ledger. */
export function ledgerPrefix(ledger: string): string {
  return `llm/ledgers/${ledger}/`;
}

/** Prefix of all minutes of a model's budget. */
export function budgetPrefix(model: string): string {
  return `llm/budgets/${modelSlug(model)}/`;
}

/** Says that a batch was collected, and what came of it. */
export function collectedObject(batchId: string): string {
  return `llm/batches/${batchId}.json`;
}
