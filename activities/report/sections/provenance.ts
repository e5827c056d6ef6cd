/** How it was done and what it rests on: methods, time per stage, artifact keys, versions. */
import { Stage } from '#workflows/contracts/artifacts.ts';
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { FigureFile } from '../figures/sheets.ts';
import { type Content, html, type Html, quoted } from '../html.ts';
import { count, duration, nameOf, settingName, taskName } from '../format.ts';
import { RUN_ANCHOR } from '../grouped-traces.ts';
import { methods } from '../methods.ts';
import { baseAnchor, sourceAnchor, testAnchor } from '../shared-traces.ts';
import { folded, number, numberBy, stageOf, table } from './parts.ts';
import { artifactLink, linkTo, took, traces, whence } from './traces.ts';

interface Owner {
  name: string;
  /** Name with a link to its artifacts and the commands that make them anew. */
  linked: Content;
  stages: readonly StageFacts[];
}

/** Everything that has stages, under the name a reader knows it by. */
export function owners({ sources, bases, settings }: SweepResults): Owner[] {
  const own = (name: string, id: string, stages: readonly StageFacts[]): Owner => ({ name, linked: stages.some(({ status }) => status === 'done') ? linkTo({ id, name }) : name, stages });
  return [
    ...sources.map(({ task, stages }) => own(`Source of ${taskName(task)}`, sourceAnchor(task), stages)),
    ...bases.map(({ model, stages }) => own(`Base ${model}`, baseAnchor(model), stages)),
    ...settings.flatMap((setting) => {
      const { test, baselines, cells } = setting;
      const of = settings.length > 1 ? `${settingName(setting)}: ` : '';
      const unit = (by: Condition | Baseline, stages: readonly StageFacts[]): Owner => ({ name: `${of}${nameOf(by)}`, linked: html`${of}${took(setting, by, stages)}`, stages });
      return [
        own(`${of}Real test split`, testAnchor(setting), test.stages),
        ...baselines.map(({ baseline, stages }) => unit(baseline, stages)),
        ...cells.map(({ condition, stages }) => unit(condition, stages)),
      ];
    }),
  ].filter(({ stages }) => stages.length > 0);
}

export const methodsSection = (results: SweepResults): Html => html`<p class="prose">${quoted(methods(results).join(' '))} ${whence(RUN_ANCHOR)}</p>`;

/** Time per stage, and tokens per second where the stage counted them. */
export function time(results: SweepResults): Html | null {
  const all = owners(results);
  const stages = Stage.options.filter((stage) => all.some((owner) => (stageOf(owner.stages, stage)?.seconds ?? null) !== null));
  if (stages.length === 0) return null;
  const total = all.flatMap((owner) => owner.stages).reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const rows = all.map(({ linked, stages: found }) => {
    const sum = found.reduce((seconds, stage) => seconds + (stage.seconds ?? 0), 0);
    return html`<tr><th scope="row">${linked}</th>${stages.map((stage) => stageTime(stageOf(found, stage)))}${numberBy(sum, duration(sum))}</tr>`;
  });
  return html`${table('Time per stage; below it tokens per second', [{ head: 'Result' }, ...stages.map((stage) => ({ head: stage, numeric: true })), { head: 'together', numeric: true }], [html`<tbody>${rows}</tbody>`])}
<p class="note">${duration(total)} of work in all, as measured when each artifact was made; stages run side by side, and an artifact that was there already cost nothing this time.</p>`;
}

function stageTime(facts: StageFacts | undefined): Html {
  if (!facts || facts.seconds === null) return number('–');
  const speed = facts.tokens !== null && facts.seconds > 0 ? html`<br><span class="muted">${count(Math.round(facts.tokens / facts.seconds))}/s</span>` : '';
  return numberBy(facts.seconds, html`${duration(facts.seconds)}${speed}${facts.reused === true ? html`<br><span class="muted">reused</span>` : ''}`);
}

/** Keys of every artifact and versions of every program behind the report. */
export function provenance(results: SweepResults, figures: readonly FigureFile[]): Html {
  const rows = owners(results).map(
    ({ linked, stages }) => html`<tbody>${stages.map(({ stage, key, content, status }, at) => html`<tr>${at === 0 ? html`<th scope="rowgroup" rowspan="${stages.length}">${linked}</th>` : ''}<td>${stage}</td><td>${status === 'done' ? 'there' : status}</td><td>${status === 'done' ? artifactLink({ stage, key }) : html`<code>${key}</code>`}</td><td>${content === null ? '–' : html`<code>${content}</code>`}</td></tr>`)}</tbody>`,
  );
  const versions = Object.entries(results.versions).sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<dl class="versions">${versions.map(([name, version]) => html`<div><dt>${name}</dt><dd>${version}</dd></div>`)}</dl>
${folded('Artifacts and their keys', table('Artifacts', [{ head: 'Result' }, { head: 'Stage' }, { head: 'Status' }, { head: 'Key (SHA-256 of the recipe)' }, { head: 'Contents', title: 'SHA-256 over the names and hashes of its files, the first 32 digits: two artifacts of one key hold the same where it is the same' }], rows))}
${traces(results, figures)}
${folded('The spec, with its defaults filled in', html`<pre tabindex="0">${JSON.stringify(results.spec, null, 2)}</pre>`)}`;
}
