import { type Condition, dataOf } from '#workflows/contracts/experiment.ts';

/** Neither real data nor a limited subset of it. */
export function isSynthetic(condition: Condition): boolean {
  const { kind } = dataOf(condition);
  return kind !== 'real' && kind !== 'limited';
}
