/** Where two specs differ, field by field. Pure. */
import canonicalize from 'canonicalize';
import type { SweepComparison } from '#workflows/contracts/comparison.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';

type Difference = SweepComparison['differences'][number];

/** Fields by which the entries of a list are known: entries of the same name are compared with each other, wherever they stand. */
const NAMES = ['task', 'model', 'variant'] as const;

/** Fields that differ, in the order of the first spec, then of the second; names and descriptions of the sweeps, and prices, are no settings. */
export function specDifferences(a: SweepSpec, b: SweepSpec): Difference[] {
  return differences('', settingsOf(a), settingsOf(b));
}

function settingsOf({ name: _name, description: _description, gpuHourDollars: _price, ...settings }: SweepSpec) {
  return settings;
}

function differences(field: string, a: unknown, b: unknown): Difference[] {
  if (canonicalize(a) === canonicalize(b)) return [];
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === null || right === null || left.kind !== right.kind) return [{ field, a: text(a), b: text(b) }];
  return [...new Set([...left.parts.keys(), ...right.parts.keys()])].flatMap((name) => differences(left.kind === 'list' ? `${field}[${name}]` : field === '' ? name : `${field}.${name}`, left.parts.get(name), right.parts.get(name)));
}

/** Fields of an object, or entries of a list that have names; null for what is compared as a whole. */
function partsOf(value: unknown): { kind: 'object' | 'list'; parts: Map<string, unknown> } | null {
  if (Array.isArray(value)) {
    const names = value.map((entry: unknown) => NAMES.map((name) => (entry as Record<string, unknown> | null)?.[name]).find((name) => typeof name === 'string') as string | undefined);
    if (value.length === 0 || names.some((name) => name === undefined) || new Set(names).size < names.length) return null;
    return { kind: 'list', parts: new Map(names.map((name, at) => [name as string, value[at]])) };
  }
  return typeof value === 'object' && value !== null ? { kind: 'object', parts: new Map(Object.entries(value)) } : null;
}

const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
