/**
 * Where every number comes from: an entry for each measure of each unit, for what results share, and for what rests on several
 * of them. Tables, figures and sentences link to these.
 */
import { unitId } from '#activities/analysis/index.ts';
import { type Baseline, CellStage, type Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { Measure } from '#workflows/contracts/trace.ts';
import type { FigureFile } from '../figures/sheets.ts';
import { nameOf, settingName } from '../format.ts';
import { type GroupedTrace, groupedTraces } from '../grouped-traces.ts';
import { type Content, html, type Html } from '../html.ts';
import { type SharedTrace, sharedTraces } from '../shared-traces.ts';
import { againCommand, AGAIN_LABEL, discardCommand, type EntryLink, type Origin, RULES, type Trace, traceOf, tracesOfAll, unitAnchor } from '../traces.ts';

/** A number or name with a link to the entry of where it comes from. */
export const linkTo = ({ id, name }: EntryLink, content: Content = name): Html => html`<a class="from" href="#${id}">${content}</a>`;

/** As `linkTo`, to a unit's measure; alone where there is no such entry. */
export function traced(setting: SettingResults, by: Condition | Baseline, measure: Measure, content: Content): Content {
  const trace = traceOf(setting, by, measure);
  return trace === null ? content : linkTo({ id: trace.id, name: '' }, content);
}

/** A unit's name with a link to all its artifacts, whose manifests say what they took; alone where it has none. */
export function took(setting: SettingResults, by: Condition | Baseline, stages: readonly StageFacts[]): Content {
  const name = nameOf(by);
  return stages.some(isThere) ? linkTo({ id: unitAnchor(unitId(setting, by)), name }) : name;
}

/** The link behind a sentence or figure that rests on several results. */
export const whence = (id: string): Html => html`<a class="from whence" href="#${id}">where from</a>`;

/** An artifact's key; a link to the artifact once the report is published (places.ts). */
export const artifactLink = ({ stage, key }: Pick<StageFacts, 'stage' | 'key'>): Html => html`<a data-artifact="${stage}/${key}"><code>${key}</code></a>`;

/** A list of entries, each once; those that are not in the page without a link. */
export function entryLinks(from: readonly EntryLink[], known: ReadonlySet<string>): Html {
  const distinct = [...new Map(from.map(({ id, name }) => [id, name]))];
  return html`${distinct.map(([id, name], at) => html`${at > 0 && ', '}${known.has(id) ? html`<a href="#${id}">${name}</a>` : name}`)}`;
}

const isThere = ({ stage, status }: StageFacts): boolean => CellStage.safeParse(stage).success && status === 'done';

/** All entries: unit by unit, then what they share, then what rests on several of them. */
export function traces(results: SweepResults, figures: readonly FigureFile[]): Html | null {
  const all = tracesOfAll(results);
  const seen = new Set<string>();
  const units = results.settings.flatMap((setting) => [...setting.baselines.map(({ baseline, stages }) => ({ by: baseline, stages })), ...setting.cells.map(({ condition, stages }) => ({ by: condition, stages }))].map(({ by, stages }) => {
    const unit = unitId(setting, by);
    // Baselines are the same in all settings of a task and model.
    if (seen.has(unit)) return null;
    seen.add(unit);
    return unitView(results, setting, by, stages, all.filter((trace) => trace.unit === unit));
  }));
  const shared = sharedTraces(results);
  const groups = groupedTraces(results, figures);
  const known = new Set([...all, ...shared, ...groups.flatMap(({ groups: of }) => of)].map(({ id }) => id));
  return html`<h3 class="sub" id="from">Where every number comes from</h3>
<p class="prose">Numbers of the tables, or the names of their rows, sentences and figures are links to these entries: the artifacts and files that each is read from, and how. All statistics are computed from the artifacts anew by <code>npx needlework report</code> with the sweep’s name. The commands below make an artifact itself anew, with all that rests on it if it comes out different; they run in the checkout, with the path of the <code>results.json</code> beside this page in place of <code>results.json</code>. Each makes it anew once: for another time, change the label <code>${AGAIN_LABEL}</code>. On a fleet, start <code>again.json</code> by <code>temporal workflow start --type sweep --task-queue needlework --workflow-id ${results.name} --input-file again.json</code>.</p>
${units}
${shared.length === 0 ? '' : sharedView(shared)}
${groups.map(({ title, groups: of }) => groupView(title, of, known))}`;
}

function unitView(results: SweepResults, setting: SettingResults, by: Condition | Baseline, stages: readonly StageFacts[], found: readonly Trace[]): Html | null {
  if (found.length === 0) return null;
  const unit = unitId(setting, by);
  const isCell = setting.cells.some(({ condition }) => condition === by);
  const anew = stages.filter(isThere).map(({ stage, key }) => html`<li>${stage} ${artifactLink({ stage, key })}: <code>${againCommand(results, setting, by, stage as CellStage)}</code></li>`);
  return html`<details class="unit" id="${unitAnchor(unit)}"><summary>${isCell ? settingName(setting) : settingName({ task: setting.task, model: setting.model })}: ${nameOf(by)}</summary>
<p class="note">Unit <code>${unit}</code>${isCell ? html`, <a data-workflow="${unit}">its page in Temporal’s Web UI</a>` : ''}.</p>
<dl class="traces">${found.map(({ id, measure, origins }) => html`<div id="${id}"><dt>${RULES[measure].how}</dt>${originsView(origins, unit)}</div>`)}</dl>
<p class="note">Its artifacts, with what makes each anew. Seconds and tokens are the <code>measurements</code> of each one’s <code>manifest.json</code>; prompts, LLM calls and dollars are in <code>card.json</code> of dataset and test split.</p><ul class="notes">${anew}</ul></details>`;
}

/** Artifacts of others are told by whose they are. */
export const originsView = (origins: readonly Origin[], own: string): Html[] =>
  origins.map((origin) => html`<dd>${origin.of === own ? '' : html`${origin.of}: `}${origin.files.join(', ')} of ${origin.stage} ${artifactLink(origin)}</dd>`);

/** What cells share is no part of any: it is deleted, and the sweep makes it anew. */
function sharedView(shared: readonly SharedTrace[]): Html {
  return html`<details class="unit"><summary>What results share: sources, bases, real test splits</summary>
<p class="note">After these commands the sweep’s next start makes them anew (written texts, too: stage <code>write</code>, with a key of a dataset’s recipe). What they took is in <code>measurements</code> of each one’s <code>manifest.json</code>.</p>
<dl class="traces">${shared.map(({ id, name, how, origins }) => html`<div id="${id}"><dt>${name}: ${how}</dt>${originsView(origins, name)}${origins.map((origin) => html`<dd><code>${discardCommand(origin)}</code></dd>`)}</div>`)}</dl></details>`;
}

function groupView(title: string, groups: readonly GroupedTrace[], known: ReadonlySet<string>): Html {
  return html`<details class="unit"><summary>${title}</summary><dl class="traces">${groups.map(({ id, what, from }) => html`<div id="${id}"><dt>${what}</dt><dd>${entryLinks(from, known)}</dd></div>`)}</dl></details>`;
}
