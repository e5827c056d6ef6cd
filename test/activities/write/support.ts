/** Small sources of all three tasks, and their texts as the templates write them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenFolders } from '#activities/dataset/writings.ts';
import { offlineSource, Writer } from '#activities/write/ask.ts';
import { itemsOf } from '#activities/write/items.ts';
import { writeItems } from '#activities/write/write-items.ts';
import type { Condition, Task } from '#workflows/contracts/experiment.ts';
import type { MdqaRow, MusiqueRow, Passage, SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { writingsOf } from '#workflows/plan/writings.ts';
import { writeSource } from '../dataset/support.ts';

const ROWS = 8;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

const mdqaRow = (n: number): MdqaRow => ({
  id: `q${n}`,
  question: `who founded the mill of Oakton${n}`,
  answers: [`Anna Reed${n}x`, `Reed${n}x`],
  gold: { title: `Oakton${n}`, text: `Oakton${n} lies on a river. Its mill was founded by Anna Reed${n}x in spring. Many came to see it 😀.` },
  distractors: [{ title: `Elm ${n}`, text: `Elm ${n} has a bridge. It was built of stone and often repaired.` }],
});

const musiqueRow = (n: number): MusiqueRow => ({
  id: `3hop1__${n}`,
  question: `who led the land of Oakton${n}`,
  answers: [`Leader${n}x`],
  hops: [
    { id: 3 * n, question: `Oakton${n} >> country`, answer: `Land${n}x`, support: 0, triple: { subject: `Oakton${n}`, relation: 'country' } },
    // Every second row is one of triples only.
    n % 2 === 0
      ? { id: 3 * n + 1, question: '#1 >> capital', answer: `City${n}x`, support: 1, triple: { subject: '#1', relation: 'capital' } }
      : { id: 3 * n + 1, question: 'what is the capital of #1', answer: `City${n}x`, support: 1, triple: null },
    { id: 3 * n + 2, question: '#2 >> leader', answer: `Leader${n}x`, support: 2, triple: { subject: '#2', relation: 'leader' } },
  ],
  supports: [
    { title: `Oakton${n}`, text: `Oakton${n} lies in Land${n}x.` },
    { title: `Land${n}x`, text: `The capital of Land${n}x is City${n}x.` },
    { title: `City${n}x`, text: `City${n}x was led by Leader${n}x.` },
  ],
  distractors: [{ title: `Hill ${n}`, text: 'A hill is near.' }],
});

const summhayRow = (n: number): SummhayRow => ({ id: `towns/i${n}`, topic: 'towns', insight: `The mill of Oakton${n} was founded in ${1900 + n}, which drew many people from the hills, and it grew.` });

const pool: Passage[] = numbers(30).map((n) => ({ title: `Place ${n}`, text: `Place ${n} is known for its market. It has ${n} wells, and many people visit them during summer.` }));
const documents: SummhayDocument[] = numbers(3 * ROWS).map((n) => ({
  id: `towns/d${n}`,
  topic: 'towns',
  text: `Report ${n} begins. The mill of Oakton${n % ROWS} was founded in ${1900 + (n % ROWS)}. Report ${n} ends.`,
  insights: [`i${n % ROWS}`],
}));

/** Writes a source artifact of the task into `folder`. */
export async function smallSource(task: Task, folder: string): Promise<void> {
  const rows: Record<Task, (n: number) => object> = { mdqa: mdqaRow, musique: musiqueRow, summhay: summhayRow };
  await writeSource(folder, { train: numbers(ROWS).map((n) => rows[task](n)) }, pool, documents);
}

/** Has the templates write what the condition rests on. */
export async function writeOffline(task: Task, condition: Condition, sourceDir: string, folder: string, { seed = 0, passages = 40, atOnce = 4 } = {}): Promise<WrittenFolders> {
  const folders: WrittenFolders = {};
  for (const [role, { what, expression }] of Object.entries(writingsOf(task, condition))) {
    const outputDir = join(folder, `${what}-${expression}`);
    await mkdir(outputDir, { recursive: true });
    const items = itemsOf({ task, what, expression, sourceDir, passages, lowFacts: 'template', seed });
    await writeItems(items, { writer: new Writer(offlineSource(seed), 3), writerName: 'offline templates', atOnce, outputDir, rows: 8, dollars: () => 0 });
    folders[role as keyof WrittenFolders] = outputDir;
  }
  return folders;
}
