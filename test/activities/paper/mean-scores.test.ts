/** Whose scores Tables 12 and 19 average: the paper does not say, its numbers do. */
import { describe, expect, test } from 'vitest';
import { type PaperCell, PAPER_TABLES } from '#activities/paper/tables.ts';

const cells = PAPER_TABLES.flatMap(({ modules, cells }) => cells.map((cell) => ({ ...cell, modules })));
type Cell = (typeof cells)[number];
const settings = [...new Set(cells.flatMap(({ measure, task, model, modules }) => (measure === 'meanIntersection' ? [JSON.stringify({ task, model, modules })] : [])))].map((text) => JSON.parse(text) as Pick<Cell, 'task' | 'model' | 'modules'>);

/** The one number of a setting that this is. */
function valueOf(setting: Pick<Cell, 'task' | 'model' | 'modules'>, measure: PaperCell['measure'], condition: string, against?: string): number {
  const found = cells.filter((cell) => cell.task === setting.task && cell.model === setting.model && cell.modules === setting.modules && cell.measure === measure && 'condition' in cell && cell.condition === condition && (against === undefined || ('against' in cell && cell.against === against)));
  expect(found, `${JSON.stringify(setting)} ${measure} ${condition}`).toHaveLength(1);
  return found[0]!.value;
}

/** [lowest, highest] total score of all heads of H_real that the printed row allows, if its means are of the real model's scores. */
function totalOf(setting: Pick<Cell, 'task' | 'model' | 'modules'>, condition: string): [number, number] {
  const name = setting.task === 'mdqa' && condition === 'limited' ? 'limited-L1' : condition;
  const heads = valueOf(setting, 'heads', 'real');
  const [recall, inside, outside] = [valueOf(setting, 'recall', name, 'real'), valueOf(setting, 'meanIntersection', condition), valueOf(setting, 'meanComplement', condition)];
  const total = (share: number, digit: number) => heads * (share * (inside + digit) + (1 - share) * (outside + digit));
  return [total(recall - 0.005, -0.0005), total(recall + 0.005, 0.0005)];
}

describe.each(settings)('$task, $model, $modules', (setting) => {
  const conditions = [...new Set(cells.flatMap((cell) => (cell.measure === 'meanIntersection' && cell.task === setting.task && cell.model === setting.model && cell.modules === setting.modules ? [cell.condition] : [])))];

  test('all rows give one total of the real model’s scores over H_real', () => {
    expect(conditions.length).toBeGreaterThan(4);
    const totals = conditions.map((condition) => totalOf(setting, condition));
    expect(Math.max(...totals.map(([low]) => low))).toBeLessThanOrEqual(Math.min(...totals.map(([, high]) => high)));
  });

  test('no mean over the complement is zero, as each of the synthetic model’s scores there is', () => {
    for (const condition of conditions) expect(valueOf(setting, 'meanComplement', condition)).toBeGreaterThan(0);
  });
});
