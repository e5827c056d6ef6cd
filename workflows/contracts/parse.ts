import { z } from 'zod';
import { allowedKeys } from './allowed-keys.ts';
import { PaperTask, Task } from './experiment.ts';
import { withPaperSizes } from './paper-sizes.ts';
import { type Source, SweepSpec } from './spec.ts';
import { withoutUrlSecrets } from './url-secrets.ts';
import { gridOf, gridProblems } from '../plan/grid.ts';
import { isWritten } from '../plan/writings.ts';
import { ownTask } from '../tasks/lookup.ts';

/** The tasks that each kind of source has rows for. */
const TASKS_OF: Readonly<Record<Source['kind'], readonly Task[]>> = { miniature: PaperTask.options, 'nq-open': ['mdqa'], musique: ['musique'], summhay: ['summhay'], examples: Task.options, rows: Task.options.filter((task) => ownTask(task) !== undefined) };

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
  const spec = parse(SweepSpec, withPaperSizes(value), 'the sweep spec');
  const problems = [
    ...duplicates('tasks', spec.tasks.map(({ task }) => task)),
    ...duplicates('models', spec.models.map(({ model }) => model)),
    ...duplicates('conditions', spec.conditions),
    ...duplicates('baselines', spec.baselines),
    ...duplicates('seeds', spec.seeds ?? []),
    ...duplicates('variants', (spec.variants ?? []).map(({ variant }) => variant)),
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
    ...(spec.write === undefined
      ? spec.tasks.flatMap(({ task, source }) =>
          source.kind === 'miniature' ? [] : spec.conditions.filter((condition) => isWritten(task, condition)).map((condition) => `write: found nothing, needed by condition "${condition}" of task "${task}"; allowed: {"provider": "openai"} (with OPENAI_API_KEY in the worker's environment) or {"provider": "offline"} (templates)`),
        )
      : []),
    ...gridProblems(spec),
    ...spec.tasks.flatMap((task, index) => givenProblems(spec, task, index)),
    ...(spec.patch && !spec.conditions.includes('real') ? [`patch: found without condition "real", allowed: only with it (outputs of the real-data model are what is patched)`] : []),
    ...spec.tasks.flatMap(({ retriever, source }, index) =>
      retriever.kind === 'bm25' || ('pool' in source && source.pool !== undefined)
        ? []
        : [`tasks[${index}].retriever.kind: found "${retriever.kind}", allowed with a source that has no pool of passages to rank: "bm25"`],
    ),
    ...spec.tasks.flatMap(({ task, source }, index) =>
      TASKS_OF[source.kind].includes(task) ? [] : [`tasks[${index}].task: found "${task}", allowed with source "${source.kind}": ${TASKS_OF[source.kind].join(', ')}`],
    ),
    ...spec.tasks.flatMap(({ task, source, hops }, index) =>
      hops === 3 || (task === 'musique' && source.kind === 'miniature') ? [] : [`tasks[${index}].hops: found ${hops}, allowed with task "${task}" and source "${source.kind}": 3`],
    ),
  ];
  if (problems.length > 0) throw new InvalidInput('the sweep spec', problems);
  return spec;
}

/** What finished examples cannot give: other conditions than the one that they are, and, without a test file, anything that asks test questions. */
function givenProblems(spec: SweepSpec, { task, source }: SweepSpec['tasks'][number], index: number): string[] {
  if (source.kind !== 'examples') return [];
  const settings = gridOf(spec).filter((setting) => setting.task.task === task);
  const cells = settings.flatMap((setting) => setting.cells);
  const others = [...new Set(cells.flatMap(({ condition, lacking }) => (condition === 'real' || lacking !== null ? [] : [condition])))];
  const asking = source.test !== undefined ? [] : [...new Set([...settings.flatMap(({ baselines }) => baselines.map(({ baseline }) => baseline as string)), ...cells.flatMap(({ stages }) => stages.filter((stage) => ['evaluate', 'mask', 'patch'].includes(stage)))])];
  return [
    ...others.map((condition) => `conditions: found "${condition}" of task "${task}", allowed with source "examples": "real" (examples are used as they are; leaveOut takes the other cells of this task out)`),
    ...(asking.length === 0 ? [] : [`tasks[${index}].source.test: found nothing, needed by ${asking.join(', ')}; allowed: a file of test examples, or a sweep without these (leaveOut: ["evaluate"], baselines: [], no mask, no patch)`]),
  ];
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

function duplicates(field: string, names: readonly (string | number)[]): string[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [`${field}[${index}]: found ${JSON.stringify(name)} a second time, allowed: each ${typeof name === 'string' ? 'name' : 'number'} once`] : []));
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, root: unknown): string[] {
  const field = fieldPath(issue.path);
  const option = issue.code === 'invalid_union' ? optionMeant(issue) : undefined;
  if (option !== undefined) return option.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, schema, root));
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(schema, issue.path, root).join(', ');
    return issue.keys.map((key) => `${fieldPath([...issue.path, key])}: found an unknown key, allowed: ${allowed}`);
  }
  const keys = issue.code === 'invalid_type' && issue.expected === 'object' ? allowedKeys(schema, issue.path, root) : [];
  return [`${field}: found ${show(issue.input ?? at(root, issue.path))}, allowed: ${keys.length > 0 ? `an object with ${keys.join(', ')}` : allowed(issue)}`];
}

/** Of a union without a discriminator, what is wrong with the option whose type the value has; undefined where it has none's. */
function optionMeant({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  // None of several names is a matter of the type where an object or a list was found.
  const isOther = ({ code, path, input }: z.core.$ZodIssue) => path.length === 0 && (code === 'invalid_type' || (code === 'invalid_value' && typeof input === 'object'));
  return errors.find((issues) => issues.length > 0 && !issues.some(isOther));
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_type':
      // A schema may say it in words of its own.
      return issue.message.startsWith('Invalid input') ? `a value of type ${issue.expected}` : issue.message;
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

/** JSON of what was found, shortened and without secrets; nothing is `nothing`. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = withoutUrlSecrets(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
