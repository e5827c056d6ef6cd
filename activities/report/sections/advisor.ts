/** How well ranking training data by head overlap agrees with F1: what `needlework advise` is worth. */
import type { Agreement, HeldOutSetting, SettingAgreement } from '#workflows/contracts/agreement.ts';
import { Condition } from '#workflows/contracts/experiment.ts';
import { mean } from '#activities/analysis/index.ts';
import { count, list, nameOf, plural, score } from '../format.ts';
import { type Content, html, type Html, quoted } from '../html.ts';
import type { EntryLink } from '../traces.ts';
import { number, table } from './parts.ts';
import { linkTo, whence } from './traces.ts';

/** Entries of where the numbers come from: of each setting, by its name, and of all together. */
export interface AdvisorEntries {
  settings: ReadonlyMap<string, EntryLink>;
  all: string;
}

/** Null where no setting has two candidates with overlap and F1. A page without entries of where numbers come from gives none. */
export function advisor({ settings, heldOut }: Agreement, entries?: AdvisorEntries): Html | null {
  const measured = settings.filter(({ pairs }) => pairs > 0);
  if (measured.length === 0) return null;
  const columns = [
    { head: 'Setting' },
    { head: 'Ranked by' },
    { head: 'Candidates', numeric: true },
    { head: 'Pairs in order', numeric: true, title: 'Of all pairs that differ in F1, the share that overlap puts in the same order; half of those of equal overlap' },
    { head: 'Advised' },
    { head: 'Best' },
    { head: 'F1 given away', numeric: true, title: 'F1 of the best candidate minus that of the advised one' },
    { head: 'Error, left out', numeric: true, title: 'Each candidate left out in turn and its F1 foretold from its overlap by a line through the others: mean absolute error' },
    { head: 'Error of the mean', numeric: true, title: 'The same foretold by the others’ mean F1' },
  ];
  return html`<ul class="findings">${agreementSentences({ settings, heldOut }).map((sentence) => html`<li>${sentence}${entries && html` ${whence(entries.all)}`}</li>`)}</ul>
${table('Ranking by head overlap, held against F1 on the real test split', columns, [html`<tbody>${measured.map((each) => row(each, entries?.settings.get(each.setting)))}</tbody>`])}
<p class="note">Candidates are all conditions but real data, of which overlap and F1 were both measured; real data is what they are compared with. Nothing is fitted in the ranking itself.</p>`;
}

function row({ setting, by, candidates, pairs, alike, advised, best, lost, leftOut }: SettingAgreement, from: EntryLink | undefined): Html {
  return html`<tr><th scope="row">${from === undefined ? quoted(setting) : linkTo(from, quoted(setting))}</th><td>${by}</td>${[count(candidates), `${score(alike)} of ${count(pairs)}`].map(number)}<td>${candidateName(advised)}</td><td>${candidateName(best)}</td>${[score(lost), score(leftOut?.error), score(leftOut?.errorOfMean)].map(number)}</tr>`;
}

const candidateName = (name: string | null): Content => (name === null ? '–' : Condition.safeParse(name).success ? nameOf(name as Condition) : quoted(name));

/** What the figures come to, in sentences. */
export function agreementSentences({ settings, heldOut }: Agreement): string[] {
  const kinds = Map.groupBy(settings.filter(({ pairs }) => pairs > 0), ({ by }) => by);
  return [
    ...[...kinds].map(([by, of]) => {
      const ordered = of.reduce((sum, { alike, pairs }) => sum + (alike as number) * pairs, 0);
      const all = of.reduce((sum, { pairs }) => sum + pairs, 0);
      const right = of.filter(({ lost }) => lost === 0).length;
      return `Ranked by ${by}, ${rounded(ordered)} of ${plural(all, 'pair')} of training data stand in the order of their F1 (guessing: half), and the first is the best in ${count(right)} of ${plural(of.length, 'setting')}; it gives away ${score(mean(of.map(({ lost }) => lost as number)))} of F1 on average.`;
    }),
    ...[...kinds].flatMap(([by, of]) => {
      const leftOut = of.flatMap((one) => (one.leftOut === null ? [] : [one.leftOut]));
      if (leftOut.length === 0) return [];
      return [`Each candidate left out in turn, its F1 is foretold from its ${by} with a mean error of ${score(mean(leftOut.map(({ error }) => error)))}; by the mean F1 of the others, ${score(mean(leftOut.map(({ errorOfMean }) => errorOfMean)))}.`];
    }),
    ...heldOutSentence(heldOut),
  ];
}

function heldOutSentence(heldOut: readonly HeldOutSetting[]): string[] {
  const told = heldOut.filter(({ alike }) => alike !== null);
  if (told.length === 0) return [];
  const chosen = [...new Set(told.map(({ by }) => by))];
  return [`Each setting left out in turn, and the kind of overlap chosen by the others (${list(chosen)}): ${score(mean(told.map(({ alike }) => alike as number)))} of its pairs in order, ${score(mean(told.map(({ lost }) => lost as number)))} of F1 given away, on average.`];
}

/** Halves are possible: pairs of equal overlap count half. */
const rounded = (value: number): string => (Number.isInteger(value) ? count(value) : value.toFixed(1));
