/** Where a sweep has several settings: any two of its cells whose models have as many layers and heads, head by head. */
import type { SweepResults } from '#workflows/contracts/report.ts';
import { settingName } from '../format.ts';
import { ANY_TWO_ANCHOR } from '../grouped-traces.ts';
import { html, type Html } from '../html.ts';
import { settingSlug } from '../names.ts';
import { scoredCells } from './heads.ts';
import { pair } from './pair.ts';
import { whence } from './traces.ts';

/** The cells of all settings, by the score that counts in their task; a part for each shape of models. Null where no two settings have one in common. */
export async function anyTwo({ settings }: Pick<SweepResults, 'settings'>): Promise<Html | null> {
  const all = settings.flatMap((setting) => scoredCells(setting).map(({ name, found }) => ({ name: `${settingName(setting)}: ${name}`, matrix: found[found.kind], within: { setting: settingSlug(setting), name } })));
  const shapes = [...Map.groupBy(all, ({ matrix }) => `${matrix.length}-${matrix[0]?.length}`)].filter(([, models]) => new Set(models.map(({ within }) => within.setting)).size > 1);
  const parts: Html[] = [];
  for (const [shape, models] of shapes) {
    const other = models.findIndex(({ within }) => within.setting !== models[0]?.within.setting);
    parts.push(await pair(models, { title: `Any two cells, head by head${shapes.length > 1 ? ` (${shape.replace('-', ' layers of ')} heads)` : ''}`, scores: 'scores', slug: `any-${shape}`, whence: whence(ANY_TWO_ANCHOR), shown: [0, other] }));
  }
  return parts.length === 0 ? null : html`${parts}<p class="note">Of each cell the scores that count in its task: Eq. 1 (retrieval) or, in SummHay Citation and tasks of one’s own that say so, Eq. 2 (insight).</p>`;
}
