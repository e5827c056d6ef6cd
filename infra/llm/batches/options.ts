import type { S3Client } from '@aws-sdk/client-s3';
import type { TokensField } from '../dialect.ts';
import type { LlmEnvironment } from '../endpoint.ts';
import type { Price } from '../spending/prices.ts';
import type { BatchLimits } from './lines.ts';

export interface BatchOptions {
  s3: S3Client;
  bucket: string;
  /** As an asker's. */
  folder: string;
  env: LlmEnvironment;
  model: string;
  costCeilingDollars?: number | undefined;
  /** Needed under a ceiling, where the model's price is not known; that of single requests. */
  price?: Price | undefined;
  /** As an asker's; no other is tried in a batch. */
  tokensField?: TokensField | undefined;
  /** Account that spending is charged to. */
  ledger: string;
  /** How a person raises the ceiling, for the message of `CostCeilingReached`. */
  remedy?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The API's own where absent. */
  limits?: BatchLimits;
  /** See `retrying`. */
  retry?: { tries?: number; baseMs?: number };
}
