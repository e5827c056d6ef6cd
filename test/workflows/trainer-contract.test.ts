/** The trainer's jobs are stated twice, in zod and in pydantic; both must say the same of every field. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { TrainerJob } from '#workflows/contracts/trainer.ts';

type Schema = { [keyword: string]: unknown };

const LARGEST_SAFE = Number.MAX_SAFE_INTEGER;

/** What a schema allows, by field path: one line of keywords per field, written the same way for both libraries. */
function facts(schema: Schema, definitions: Record<string, Schema>, path: string): Record<string, string> {
  if (typeof schema.$ref === 'string') return facts(definitions[schema.$ref.split('/').at(-1)!]!, definitions, path);
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [];
  const alternatives = types.length > 0 ? types.map((type): Schema => ({ ...schema, type })) : ((schema.anyOf ?? []) as Schema[]);
  if (alternatives.length > 0) {
    const value = alternatives.find(({ type }) => type !== 'null')!;
    return Object.fromEntries(Object.entries(facts(value, definitions, path)).map(([field, text]) => [field, field === path ? `${text} or null` : text]));
  }
  const found: Record<string, string> = { [path]: keywords(schema) };
  for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
    const required = ((schema.required ?? []) as string[]).includes(name);
    for (const [inner, text] of Object.entries(facts(field, definitions, `${path}.${name}`))) {
      found[inner] = inner === `${path}.${name}` ? `${required ? 'required' : 'optional'} ${text}` : text;
    }
  }
  for (const [index, item] of ((schema.prefixItems ?? []) as Schema[]).entries()) Object.assign(found, facts(item, definitions, `${path}[${index}]`));
  if (schema.items && typeof schema.items === 'object') Object.assign(found, facts(schema.items as Schema, definitions, `${path}[]`));
  return found;
}

function keywords(schema: Schema): string {
  const integer = schema.type === 'integer';
  // "More than 0" and "at least 1" are the same for integers.
  const least = schema.minimum ?? (integer && typeof schema.exclusiveMinimum === 'number' ? schema.exclusiveMinimum + 1 : undefined);
  const parts = {
    type: schema.type,
    least: integer ? Math.max(Number(least ?? -LARGEST_SAFE), -LARGEST_SAFE) : least,
    moreThan: integer ? undefined : schema.exclusiveMinimum,
    most: schema.maximum === LARGEST_SAFE ? undefined : schema.maximum,
    lessThan: schema.exclusiveMaximum,
    values: schema.const === undefined ? schema.enum : [schema.const],
    pattern: schema.pattern,
    shortest: schema.minLength,
    fewest: schema.prefixItems ? undefined : schema.minItems,
    default: schema.default,
    strict: schema.type === 'object' ? schema.additionalProperties === false : undefined,
  };
  return JSON.stringify(parts);
}

function byKind(schema: Schema): Record<string, Record<string, string>> {
  const definitions = (schema.$defs ?? {}) as Record<string, Schema>;
  const jobs = (schema.oneOf as Schema[]).map((job) => (typeof job.$ref === 'string' ? definitions[job.$ref.split('/').at(-1)!]! : job));
  return Object.fromEntries(jobs.map((job) => [((job.properties as Record<string, Schema>).kind as Schema).const as string, facts(job, definitions, 'job')]));
}

it('zod and pydantic allow the same jobs', () => {
  const python = process.env.NEEDLEWORK_PYTHON_ENV;
  if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV is not set: run the tests by "npm test"');
  const trainer = fileURLToPath(new URL('../../infra/trainer', import.meta.url));
  const printed = execFileSync(python, ['-m', 'needlework_trainer.jobs'], { cwd: trainer, encoding: 'utf8' });
  const pydantic = byKind(JSON.parse(printed) as Schema);
  const zod = byKind(z.toJSONSchema(TrainerJob, { io: 'input' }) as Schema);
  expect(Object.keys(zod).sort()).toEqual(['evaluate', 'mask', 'patch', 'pretrain', 'rank', 'score', 'train']);
  expect(pydantic).toEqual(zod);
});
