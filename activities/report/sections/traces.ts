/** Where every number comes from: an entry for each measure of each unit, to which the tables link. */
import { unitId } from '#activities/analysis/index.ts';
import { type Baseline, CellStage, type Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { Measure } from '#workflows/contracts/trace.ts';
import { nameOf, settingName } from '../format.ts';
import { type Content, html, type Html } from '../html.ts';
import { againCommand, AGAIN_LABEL, correlationAnchor, RULES, type Trace, traceOf, tracesOf, unitAnchor } from '../traces.ts';

/** A number with a link to where it comes from; alone where there is no such entry. */
export function traced(setting: SettingResults, by: Condition | Baseline, measure: Measure, content: Content): Content {
  const trace = traceOf(setting, by, measure);
  return trace === null ? content : html`<a class="from" href="#${trace.id}">${content}</a>`;
}

/** An artifact's key; a link to the artifact once the report is published (places.ts). */
export const artifactLink = ({ stage, key }: Pick<StageFacts, 'stage' | 'key'>): Html => html`<a data-artifact="${stage}/${key}"><code>${key}</code></a>`;

/** All entries, unit by unit. */
export function traces(results: SweepResults): Html | null {
  const units = results.settings.flatMap((setting) => [...setting.baselines.map(({ baseline, stages }) => unitView(results, setting, baseline, stages)), ...setting.cells.map(({ condition, stages }) => unitView(results, setting, condition, stages))]);
  if (units.every((unit) => unit === null)) return null;
  return html`<h3 class="sub" id="from">Where every number comes from</h3>
<p class="prose">Numbers of the tables are links to these entries: the artifacts and files that each is read from, and how. All statistics are computed from the artifacts anew by <code>npx needlework report</code> with the sweep’s name. The commands below make an artifact itself anew, with all that rests on it if it comes out different; they run in the checkout, with the path of the <code>results.json</code> beside this page in place of <code>results.json</code>. Each makes it anew once: for another time, change the label <code>${AGAIN_LABEL}</code>. On a fleet, start <code>again.json</code> by <code>temporal workflow start --type sweep --task-queue needlework --workflow-id ${results.name} --input-file again.json</code>.</p>
${units}${results.settings.map((setting) => correlationView(results, setting))}`;
}

/** What a setting's correlations were computed from. */
function correlationView({ correlations }: SweepResults, setting: SettingResults): Html | null {
  const { task, model, variant, seed, cells } = setting;
  if (!correlations.some((each) => each.task === task && each.model === model && each.variant === variant && each.seed === seed)) return null;
  const of = (condition: Condition, measure: Measure) => traced(setting, condition, measure, `${nameOf(condition)}: ${measure}`);
  const links = cells.filter(({ heads, evaluation }) => heads !== null && evaluation !== null).map(({ condition }) => html`<li>${of(condition, 'overlap')}, ${of(condition, 'f1')}</li>`);
  return html`<details class="unit" id="${correlationAnchor(setting)}"><summary>${settingName(setting)}: correlations</summary><p class="note">Spearman’s rank correlation over the models below: of recall, or cosine, with F1.</p><ul class="notes">${links}</ul></details>`;
}

function unitView(results: SweepResults, setting: SettingResults, by: Condition | Baseline, stages: readonly StageFacts[]): Html | null {
  const found = tracesOf(setting, by);
  if (found.length === 0) return null;
  const unit = unitId(setting, by);
  const isCell = setting.cells.some(({ condition }) => condition === by);
  const anew = stages.flatMap(({ stage, status }) => {
    const known = CellStage.safeParse(stage);
    return known.success && status === 'done' ? [html`<li>${stage}: <code>${againCommand(results, setting, by, known.data)}</code></li>`] : [];
  });
  return html`<details class="unit" id="${unitAnchor(unit)}"><summary>${settingName(setting)}: ${nameOf(by)}</summary>
<p class="note">Unit <code>${unit}</code>${isCell ? html`, <a data-workflow="${unit}">its page in Temporal’s Web UI</a>` : ''}.</p>
<dl class="traces">${found.map(traceView)}</dl>
<p class="note">Made anew by</p><ul class="notes">${anew}</ul></details>`;
}

function traceView({ id, measure, unit, origins }: Trace): Html {
  return html`<div id="${id}"><dt>${RULES[measure].how}</dt>${origins.map((origin) => html`<dd>${origin.of === unit ? '' : html`${origin.of}: `}${origin.files.join(', ')} of ${origin.stage} ${artifactLink(origin)}</dd>`)}</div>`;
}
