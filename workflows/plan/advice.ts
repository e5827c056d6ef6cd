/** From what the advisor is asked to the sweeps that it needs: trainings and head scoring, and no evaluation. Pure. */
import { AdviceSpec, type AdviceSpecInput } from '../contracts/advice.ts';
import type { Condition } from '../contracts/experiment.ts';
import { InvalidInput, parse, parseSweepSpec } from '../contracts/parse.ts';
import type { SweepSpec, SweepSpecInput } from '../contracts/spec.ts';

/** Where the scores of a candidate, or of the real data, come from: a cell of one of the advice's sweeps. */
export interface AdvisedCell {
  /** As it is ranked: a condition, or the name of a file. */
  name: string;
  /** Workflow id of its sweep. */
  sweep: string;
  condition: Condition;
}

export interface AdvicePlan {
  advice: AdviceSpec;
  sweeps: { workflowId: string; given: SweepSpecInput; spec: SweepSpec }[];
  real: AdvisedCell;
  candidates: AdvisedCell[];
}

/** Name of the sweep of real examples from a file. */
const REAL = 'real';

/**
 * The sweeps of an advice: one over the conditions that are made from the task's source, and one for each file. They are like any
 * other, so what is there already is used again, whoever made it.
 * @throws InvalidInput naming each field, what was found and what is allowed
 */
export function planAdvice(given: unknown): AdvicePlan {
  const advice = parse(AdviceSpec, given, 'the advice spec');
  // Defaults that depend on the task are for each sweep's own spec to fill in.
  const { task, model, given: limits = {}, description = '', seed, write, prompt, train, evaluate, score, run } = given as AdviceSpecInput;
  const conditions = advice.candidates.filter((candidate) => typeof candidate === 'string');
  const files = advice.candidates.filter((candidate) => typeof candidate !== 'string');
  const fromSource: Condition[] = [...(advice.real === 'real' ? ['real' as const] : []), ...conditions];
  const problems = [
    ...duplicates(advice.candidates.map((candidate) => (typeof candidate === 'string' ? candidate : candidate.name))),
    ...files.flatMap(({ name }) => (name === REAL ? [`candidates: found the name "${REAL}", allowed: any other`] : [])),
    ...(fromSource.length > 0 && advice.task.source === undefined ? [`task.source: found nothing, needed by ${fromSource.map((condition) => `"${condition}"`).join(', ')}; allowed: a source of the task, or candidates and real data from files alone`] : []),
    ...(advice.task.source?.kind === 'examples' ? ['task.source.kind: found "examples", allowed: a source that conditions are made from (files are named by real and candidates)'] : []),
  ];
  if (problems.length > 0) throw new InvalidInput('the advice spec', problems);

  const shared = { seed, models: [model], baselines: [], leaveOut: ['evaluate' as const], prompt, train, evaluate, score, run };
  const { source, ...ofTask } = task;
  const sweepOf = (workflowId: string, changes: Partial<SweepSpecInput>, what: string) => {
    const text = `${what} for the advice ${advice.name}.${description === '' ? '' : ` ${description}`}`;
    const defined = Object.fromEntries(Object.entries({ ...shared, ...changes }).filter(([, value]) => value !== undefined));
    const spec = { name: workflowId, description: text.slice(0, 2000), ...defined } as unknown as SweepSpecInput;
    return { workflowId, given: spec, spec: parseSweepSpec(spec) };
  };
  const ofFile = (name: string, examples: AdviceSpec['candidates'][number] & object) => {
    const { total, validationShare } = { ...advice.given, ...limits };
    // A file needs no retriever and no writer.
    const { retriever: _retriever, examples: _examples, ...rest } = ofTask;
    return sweepOf(`${advice.name}.${name}`, { tasks: [{ ...rest, source: { kind: 'examples', examples: examples.examples }, examples: { total, validationShare, test: 1 } }], conditions: ['real'] }, `Examples ${name}`);
  };
  const sourceSweep = fromSource.length === 0 ? [] : [sweepOf(advice.name, { tasks: [{ ...ofTask, source: source! }], conditions: fromSource, ...(write && { write }) }, 'Conditions')];
  const realSweep = advice.real === 'real' ? [] : [ofFile(REAL, { name: REAL, ...advice.real })];
  return {
    advice,
    sweeps: [...sourceSweep, ...realSweep, ...files.map((file) => ofFile(file.name, file))],
    real: { name: REAL, sweep: advice.real === 'real' ? advice.name : `${advice.name}.${REAL}`, condition: 'real' },
    candidates: advice.candidates.map((candidate): AdvisedCell => (typeof candidate === 'string' ? { name: candidate, sweep: advice.name, condition: candidate } : { name: candidate.name, sweep: `${advice.name}.${candidate.name}`, condition: 'real' })),
  };
}

function duplicates(names: readonly string[]): string[] {
  return names.flatMap((name, at) => (names.indexOf(name) < at ? [`candidates[${at}]: found "${name}" a second time, allowed: each once`] : []));
}
