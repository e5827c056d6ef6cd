import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { type Content, html, type Html } from './html.ts';
import { figureFiles } from './figures/sheets.ts';
import { nameOf, settingName } from './format.ts';
import { ADVISOR_ANCHOR, advisorEntries } from './grouped-traces.ts';
import { type Part, page } from './layout.ts';
import { inspector } from './inspector/section.ts';
import { advisor } from './sections/advisor.ts';
import { anyTwo } from './sections/any-two.ts';
import { cost } from './sections/cost.ts';
import { data, sources } from './sections/data.ts';
import { figureList } from './sections/figure-files.ts';
import { heads } from './sections/heads.ts';
import { masking } from './sections/masking.ts';
import { overlap } from './sections/overlap.ts';
import { paperTables } from './sections/paper-tables.ts';
import { patching } from './sections/patching.ts';
import { performance } from './sections/performance.ts';
import { predictions } from './sections/predictions.ts';
import { methodsSection, provenance, time } from './sections/provenance.ts';
import { header } from './sections/summary.ts';
import { folded } from './sections/parts.ts';
import { traced } from './sections/traces.ts';
import { pretraining, training } from './sections/training.ts';

/**
 * The report of a sweep as one self-contained HTML page: no network, light and dark, for screen and paper; its few scripts
 * (scripts.ts) make it handier, and nothing is missing without them.
 * The same results give the same bytes. Everything in the results is treated as untrusted text.
 */
export async function renderReport(results: SweepResults): Promise<string> {
  const figures = figureFiles(results);
  const parts: (Part | null)[] = [
    part('results', 'Results', await perSetting(results, performance)),
    part('heads', 'Retrieval heads', [await perSetting(results, heads), await anyTwo(results)]),
    part('inspector', 'Head inspector', inspected(results)),
    part('overlap', 'Overlap of heads and F1', await overlap(results)),
    part('masking', 'Silencing heads', await perSetting(results, masking)),
    part('patching', 'Patching heads', await perSetting(results, patching)),
    part('paper-tables', 'The paper’s tables', paperTables(results)),
    part('advisor', 'What the advisor would have said', advisor(results.advisor, { settings: advisorEntries(results), all: ADVISOR_ANCHOR })),
    part('answers', 'Answers', await perSetting(results, predictions)),
    part('data', 'Data', [sources(results.sources), await perSetting(results, data)]),
    part('training', 'Training', [await perSetting(results, training), await pretraining(results.bases)]),
    part('figures', 'Figures as files', figureList(figures)),
    part('methods', 'Methods', methodsSection(results)),
    part('time', 'Time and cost', [time(results), cost(results)]),
    part('provenance', 'Provenance', provenance(results, figures)),
  ];
  const footer = html`<p>Needlework ${results.versions['needlework'] ?? ''} · results schema ${results.schemaVersion} · seed ${results.spec.seed}</p>`;
  return page(`${results.name} · Needlework`, header(results), parts.filter((each) => each !== null), footer);
}

/** The inspector, and where what it shows comes from. */
function inspected(results: SweepResults): Html | null {
  const content = inspector(results);
  if (content === null) return null;
  const entries = results.settings.flatMap((setting) => setting.cells.flatMap(({ condition, inspection }) => (inspection === null ? [] : [traced(setting, condition, 'heads', `${settingName(setting)}: ${nameOf(condition)}`)])));
  return html`${content}${folded('Where it comes from', html`<p class="note" data-inspector-from>${entries.map((entry, at) => html`${at > 0 && ', '}${entry}`)}</p>`)}`;
}

/** A part of the page; null where there is nothing in it. */
function part(id: string, title: string, content: Content): Part | null {
  const empty = content === null || (Array.isArray(content) && content.every((each) => each === null));
  return empty ? null : { id, title, content };
}

/** The section of every task with every model, under a heading of its own where there are several. */
async function perSetting({ settings }: SweepResults, section: (setting: SettingResults) => Promise<Html | null> | Html | null): Promise<Html | null> {
  const sections: Html[] = [];
  for (const setting of settings) {
    const content = await section(setting);
    if (content === null) continue;
    sections.push(settings.length > 1 ? html`<h3>${settingName(setting)}</h3>${content}` : content);
  }
  return sections.length === 0 ? null : html`${sections}`;
}
