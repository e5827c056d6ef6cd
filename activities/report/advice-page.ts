/** The advisor's answer as one self-contained page; everything in it is untrusted text. */
import type { Advice, AdviceSource, RankedCandidate, Ranking } from '#workflows/contracts/advice.ts';
import type { Interval } from '#workflows/contracts/report.ts';
import { Condition } from '#workflows/contracts/experiment.ts';
import { count, list, nameOf, plural, range, score } from './format.ts';
import { html, type Html, quoted } from './html.ts';
import { page } from './layout.ts';
import { advisor, agreementSentences } from './sections/advisor.ts';
import { number, table } from './sections/parts.ts';
import { ALL_ANCHOR, shellWord, type StoredEntry, storedTraces, type StoredUnit } from './sections/stored-traces.ts';
import { linkTo, whence } from './sections/traces.ts';
import { originsOf } from './traces.ts';

/** The same advice gives the same bytes. `what`: what the command was asked about, a sweep or the path of an advice spec. */
export function advicePage(advice: Advice, what: string = advice.name): string {
  const { name, by, rankings, sources, agreement, methods } = advice;
  const entries = sources.map((source, at) => entryOf(source, at, sources.find((other) => other.setting === source.setting && other.name === null)));
  const entryFor: EntryFor = (setting, candidate) => {
    const at = sources.findIndex((source) => source.setting === setting && source.name === candidate);
    return entries[at]?.units.length ? entries[at] : undefined;
  };
  const header = html`<header><p class="kind">Needlework, advice</p><h1>${name}</h1><p class="lead">Training data ranked by ${by === 'recall' ? 'the share of the real-data model’s heads that it teaches' : 'the cosine of its head scores with the real-data model’s'}.</p></header>
<section aria-labelledby="found"><h2 id="found">What was found</h2><ul class="findings">${adviceSentences(advice).map((sentence) => html`<li>${quoted(sentence)} ${whence(ALL_ANCHOR)}</li>`)}</ul></section>`;
  const parts = [
    { id: 'ranking', title: 'Ranking', content: rankings.map((ranking) => html`<h3>${quoted(ranking.setting)}</h3>${rankingTable(ranking, entryFor)}`) },
    { id: 'agreement', title: 'How well such a ranking agrees with F1', content: advisor(agreement, { settings: new Map(rankings.map(({ setting }) => [setting, { id: ALL_ANCHOR, name: setting }])), all: ALL_ANCHOR }) ?? html`<p class="prose">Of no two candidates was F1 measured, so nothing can be said here about this ranking. The report of a sweep that evaluates its cells has this section, too.</p>` },
    { id: 'methods', title: 'Methods', content: html`<p class="prose">Each candidate’s model and the real-data model were tuned alike and their heads scored on the validation split of their own data; nothing was evaluated for the ranking. Heads count where their mean score is above zero. Intervals are percentile bootstrap intervals over the scored examples of both sides (${count(methods.bootstrap.resamples)} resamples, ${Math.round(methods.bootstrap.level * 100)} %, seed ${methods.bootstrap.seed}); “first” is the share of the resamples in which a candidate has most overlap of all. Drawing examples anew adds noise to both sides, which lowers cosine, so its intervals reach further down than up. With few scored examples, heads that retrieve rarely are missed by chance.</p>` },
    { id: 'provenance', title: 'Where the numbers come from', content: storedTraces(`npx needlework advise ${shellWord(what)} --by ${by}`, entries) },
  ];
  return page(`${name} · Needlework advice`, header, parts, html`<p>Needlework · advice schema ${advice.schemaVersion}</p>`);
}

type EntryFor = (setting: string, candidate: string | null) => StoredEntry | undefined;

/** What was read of the real-data model, or of a candidate and of the real-data model that it is compared with. */
function entryOf(source: AdviceSource, at: number, real: AdviceSource | undefined): StoredEntry {
  const { setting, name } = source;
  return { id: `from-${at + 1}`, name: `${setting}: ${name === null ? 'the real-data model' : candidateName(name)}`, units: [...unitsOf(source), ...(name === null || real === undefined ? [] : unitsOf(real))] };
}

function unitsOf({ sweep, unit, artifacts }: AdviceSource): StoredUnit[] {
  if (unit === null) return [];
  const nothing = { of: '', artifacts: [] };
  const measures = (['heads', 'f1'] as const).flatMap((measure) => {
    const origins = originsOf(measure, { own: { of: unit, artifacts }, real: nothing, test: nothing });
    return origins === null ? [] : [{ measure, origins }];
  });
  return measures.length === 0 ? [] : [{ sweep, unit, measures }];
}

/** What the ranking comes to, in sentences computed from the data. */
export function adviceSentences({ by, rankings, agreement }: Advice): string[] {
  return [
    ...rankings.map(({ setting, reason, candidates }) => {
      const first = candidates.filter(({ rank }) => rank === 1);
      if (reason !== null) return `${setting}: nothing can be ranked, since the real-data model has no scores (${reason}).`;
      if (first.length === 0) return `${setting}: no candidate can be compared with the real-data model.`;
      const overlaps = first.map((one) => `${score(one[by]?.mean)}, ${one[by] ? range(one[by]) : '–'}`);
      return `${setting}: ${list(first.map(({ name }) => candidateName(name)))} ${first.length === 1 ? 'has' : 'have'} most overlap (${by} ${overlaps[0]}${first.length === 1 ? `; first in ${percent(first[0]?.first ?? null)} of the resamples` : ''}) of ${plural(candidates.filter(({ rank }) => rank !== null).length, 'candidate')}.`;
    }),
    ...agreementSentences(agreement),
  ];
}

export const candidateName = (name: string): string => (Condition.safeParse(name).success ? nameOf(name as Condition) : name);

/** 0.873 → "87 %". */
export const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(100 * share)} %`);

function rankingTable({ setting, real, candidates }: Ranking, entryFor: EntryFor): Html {
  const columns = [
    { head: 'Rank', numeric: true },
    { head: 'Training data' },
    { head: 'Recall', numeric: true, title: 'Share of the real-data model’s heads that score above zero here too' },
    { head: 'Cosine', numeric: true },
    { head: 'First', numeric: true, title: 'Share of the resamples in which it has most overlap' },
    { head: 'Heads > 0', numeric: true },
    { head: 'Scored examples', numeric: true },
    { head: 'F1', numeric: true, title: 'On the real test split, where a sweep of the store measured it' },
  ];
  return html`${real === null ? '' : html`<p class="note">Compared with the real-data model: ${plural(real.positive, 'head')} of ${count(real.heads)} above zero, over ${plural(real.examples, 'example')}.${fromEntry(entryFor(setting, null))}</p>`}
${table('Candidates by overlap with the real-data model', columns, [html`<tbody>${candidates.map((candidate) => row(candidate, entryFor(setting, candidate.name)))}</tbody>`])}`;
}

const fromEntry = (entry: StoredEntry | undefined): Html | null => (entry === undefined ? null : html` ${whence(entry.id)}`);

function row({ name, rank, reason, recall, cosine, first, positive, heads, examples, f1 }: RankedCandidate, entry: StoredEntry | undefined): Html {
  const label = quoted(candidateName(name));
  const interval = (value: Interval | null) => (value === null ? '–' : html`<strong>${score(value.mean)}</strong><br><span class="muted">${range(value)}</span>`);
  const note = reason === null ? '' : html`<br><span class="reason">${quoted(reason)}</span>`;
  return html`<tr>${number(rank === null ? '–' : count(rank))}<th scope="row">${entry === undefined ? label : linkTo(entry, label)}${note}</th>${[interval(recall), interval(cosine), percent(first), positive === null || heads === null ? '–' : `${count(positive)} of ${count(heads)}`, examples === null ? '–' : count(examples), score(f1)].map(number)}</tr>`;
}
