import type { Account } from './accounts.ts';

/** Sums of dollars that differ by less than this are the same: they are sums of many small fractions. */
const ROUNDING = 1e-9;

/** The next request could spend more than is allowed. No retry helps; a higher ceiling does. */
export class CostCeilingReached extends Error {
  override readonly name = 'CostCeilingReached';
  readonly nonRetryable = true;
  constructor({ ledger, ceiling, total, next, remedy }: { ledger: string; ceiling: number; total: Account; next: number; remedy?: string | undefined }) {
    const held = total.claimed - total.spent;
    super(
      `spent ${dollars(total.spent)} of ${dollars(ceiling)} for ${ledger}${held > ROUNDING ? `, ${dollars(held)} more are held for requests under way or lost` : ''}; ` +
        `what comes next could cost ${dollars(next)}${remedy === undefined ? '' : `; raise it with: ${remedy}`}`,
    );
  }
}

/** Whether a sum of dollars is within a limit. */
export function fits(sum: number, limit: number): boolean {
  return sum <= limit + ROUNDING;
}

function dollars(amount: number): string {
  return `$${amount >= 0.1 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2)}`;
}
