/** The end of a run in the terminal: the results table as plain text. */
import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { maskedByK } from './charts/masking.ts';
import { nameOf, score, settingName } from './format.ts';
import { oneLine, tableLines } from './table-lines.ts';

/** Longest reason shown in full; a stack trace does not belong in a table. */
const REASON = 100;

/** Lines of the table, without colours; one block per task and model. Nothing in them can steer a terminal. */
export function summaryTable({ settings }: SweepResults): string[] {
  return settings.flatMap((setting, at) => [...(at > 0 ? [''] : []), settingName(setting), ...block(setting)]);
}

function block({ baselines, cells }: SettingResults): string[] {
  const k = Math.max(0, ...cells.flatMap(({ masking }) => masking?.sets.filter(({ kind }) => kind === 'top').map((set) => set.k) ?? []));
  const masked = k > 0 ? [`F1, top ${k} masked`, `F1, ${k} random`] : [];
  const rows = [
    ...baselines.map(({ baseline, evaluation, ...part }) => [nameOf(baseline), score(evaluation?.f1.mean), score(evaluation?.exactMatch.mean), '–', '–', '–', ...masked.map(() => '–'), statusText(part)]),
    ...cells.map(({ condition, evaluation, heads, masking, ...part }) => {
      const at = masking ? maskedByK(masking).find((candidate) => candidate.k === k) : undefined;
      return [
        nameOf(condition),
        score(evaluation?.f1.mean),
        score(evaluation?.exactMatch.mean),
        heads ? `${heads.positive}/${heads.layers * heads.heads}` : '–',
        score(heads?.recall),
        score(heads?.cosine),
        ...(masked.length > 0 ? [score(at?.top), score(at?.random?.mean)] : []),
        statusText(part),
      ];
    }),
  ];
  const numbers = ['F1', 'EM', 'Heads > 0', 'Recall', 'Cosine', ...masked].map((head) => ({ head, numeric: true }));
  return tableLines([{ head: 'Training data' }, ...numbers, { head: 'Status' }], rows).map((line) => `  ${line}`);
}

function statusText({ status, reason }: { status: string; reason: string | null }): string {
  if (status === 'done') return 'done';
  const [first = ''] = (reason ?? '').split(/\r?\n/);
  const short = oneLine(first);
  return `${status}${short === '' ? '' : `: ${short.length > REASON ? `${short.slice(0, REASON - 1)}…` : short}`}`;
}
