import { z } from 'zod';
import { allowedKeys } from './allowed-keys.ts';
import type { Task } from './experiment.ts';
import { type Source, SweepSpec } from './spec.ts';

/** The task that each kind of source has rows for. */
const TASK_OF = { miniature: 'mdqa', 'nq-open': 'mdqa', musique: 'musique', summhay: 'summhay' } as const satisfies Record<Source['kind'], Task>;

/** A value from outside that does not fit its schema; one line per problem, each naming field, found and allowed. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly problems: readonly string[];
  constructor(what: string, problems: readonly string[]) {
    super(`${what} is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Parses `value`; on failure throws `InvalidInput` that says for each field what was found and what is allowed. */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new InvalidInput(what, parsed.error.issues.flatMap((issue) => describeIssue(issue, schema, value)));
}

/**
 * A researcher's sweep spec with its defaults filled in.
 * Beyond the schema it checks what concerns several fields: unique names, and a corpus task that is in the sweep.
 */
export function parseSweepSpec(value: unknown): SweepSpec {
  const spec = parse(SweepSpec, value, 'the sweep spec');
  const problems = [
    ...duplicates('tasks', spec.tasks.map(({ task }) => task)),
    ...duplicates('models', spec.models.map(({ model }) => model)),
    ...duplicates('conditions', spec.conditions),
    ...duplicates('baselines', spec.baselines),
    ...spec.models.flatMap(({ base }, index) =>
      base.kind === 'pretrain' && !spec.tasks.some(({ task }) => task === base.corpus)
        ? [`models[${index}].base.corpus: found "${base.corpus}", allowed: a task of this sweep (${spec.tasks.map(({ task }) => task).join(', ')})`]
        : [],
    ),
    ...(spec.score.gate === 'correct' && spec.score.decode !== 'greedy' ? ['score.gate: found "correct", allowed with score.decode "teacher-forced": "none" (a forced answer is neither right nor wrong)'] : []),
    ...spec.models.flatMap(({ base }, index) => (base.kind === 'pretrain' ? sizeProblems(base, `models[${index}].base`) : [])),
    ...spec.tasks.flatMap(({ examples: { total, validationShare } }, index) => {
      const validation = Math.round(total * validationShare);
      return validation < 1 || validation >= total
        ? [`tasks[${index}].examples.validationShare: found ${validationShare} of ${total} examples, allowed: a share that leaves at least one example on each side`]
        : [];
    }),
    ...spec.tasks.flatMap(({ task, source }, index) =>
      task !== TASK_OF[source.kind] ? [`tasks[${index}].task: found "${task}", allowed with source "${source.kind}": ${TASK_OF[source.kind]}`] : [],
    ),
  ];
  if (problems.length > 0) throw new InvalidInput('the sweep spec', problems);
  return spec;
}

/** Sizes that no model can be made of; the trainer refuses them, too, but only after the source was imported. */
function sizeProblems({ layers, hiddenSize, attentionHeads, keyValueHeads, seededInduction }: Extract<SweepSpec['models'][number]['base'], { kind: 'pretrain' }>, field: string): string[] {
  return [
    ...(hiddenSize % (2 * attentionHeads) === 0 ? [] : [`${field}.hiddenSize: found ${hiddenSize}, allowed: a multiple of ${2 * attentionHeads} (an even width for each of ${attentionHeads} heads)`]),
    ...(attentionHeads % keyValueHeads === 0 ? [] : [`${field}.keyValueHeads: found ${keyValueHeads}, allowed: a divisor of attentionHeads (${attentionHeads})`]),
    ...(seededInduction && layers < 2 ? [`${field}.layers: found ${layers}, allowed: at least 2, for an induction circuit`] : []),
    ...(seededInduction && hiddenSize < 6 * attentionHeads ? [`${field}.hiddenSize: found ${hiddenSize}, allowed: at least ${6 * attentionHeads}, for an induction circuit`] : []),
  ];
}

function duplicates(field: string, names: readonly string[]): string[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [`${field}[${index}]: found "${name}" a second time, allowed: each name once`] : []));
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, root: unknown): string[] {
  const field = fieldPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(schema, issue.path, root).join(', ');
    return issue.keys.map((key) => `${fieldPath([...issue.path, key])}: found an unknown key, allowed: ${allowed}`);
  }
  return [`${field}: found ${show(issue.input ?? at(root, issue.path))}, allowed: ${allowed(issue)}`];
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${issue.origin === 'array' || issue.origin === 'string' ? ' elements' : ''}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${issue.origin === 'array' || issue.origin === 'string' ? ' elements' : ''}`;
    case 'invalid_union':
      return issue.discriminator && 'options' in issue && Array.isArray(issue.options)
        ? issue.options.map((option) => JSON.stringify(option)).join(', ')
        : issue.message;
    default:
      return issue.message;
  }
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`), '') || '(top level)';
}

function at(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], root);
}

/** JSON of what was found, shortened; nothing is `nothing`. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
