/** Where the numbers of what several results share come from: sources, bases, real test splits. Pure functions of the results. */
import type { BaseFacts, SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { taskName } from './format.ts';
import type { EntryLink, Origin } from './traces.ts';

export interface SharedTrace {
  /** Id of its entry in the page. */
  id: string;
  name: string;
  /** What is read from its files. */
  how: string;
  origins: readonly Origin[];
}

export const sourceAnchor = (task: Task): string => `from-source-${task}`;
export const baseAnchor = (model: BaseFacts['model']): string => `from-base-${model}`;
/** Variants and seeds of a task and model answer the same test split. */
export const testAnchor = ({ task, model }: Pick<SettingResults, 'task' | 'model'>): string => `from-test-${task}.${model}`;

export const testEntry = (setting: Pick<SettingResults, 'task' | 'model'>): EntryLink => ({ id: testAnchor(setting), name: `real test split of ${taskName(setting.task)}, ${setting.model}` });

/** An entry for each that is there. */
export function sharedTraces({ sources, bases, settings }: SweepResults): SharedTrace[] {
  const tests = new Map(settings.map(({ task, model, test }) => [testAnchor({ task, model }), { task, model, test }]));
  return [
    ...sources.map(({ task, stages }) => shared(sourceAnchor(task), `Source of ${taskName(task)}`, 'counts of its questions and passages: counts.json', stages, ['counts.json'])),
    ...bases.map((base) => shared(baseAnchor(base.model), `Base ${base.model}`, 'what it is and how it was made: config.json, origin.json and the summary of manifest.json; its pretraining loss: steps.jsonl', base.stages, baseFiles(base))),
    ...[...tests].map(([id, { task, model, test }]) => shared(id, `Real test split of ${taskName(task)}, ${model}`, 'counts and samples: card.json; its questions: test.jsonl', test.stages, ['card.json', 'test.jsonl'])),
  ].filter(({ origins }) => origins.length > 0);
}

/** `files` are those of the first stage; of further ones (a ranking) only what it took is told. */
function shared(id: string, name: string, how: string, stages: readonly StageFacts[], files: readonly string[]): SharedTrace {
  const origins = stages.filter(({ status }) => status === 'done').map(({ stage, key }, at): Origin => ({ of: name, stage, key, files: at === 0 ? files : ['manifest.json'] }));
  return { id, name, how, origins };
}

function baseFiles({ origin, seededInduction, pretraining }: BaseFacts): string[] {
  return ['config.json', ...(origin === null && seededInduction === null ? [] : ['origin.json']), ...(pretraining === null ? [] : ['steps.jsonl'])];
}
