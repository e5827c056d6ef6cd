/** The SummHay importer on small files made here, and on the real data where it lies beside the checkout. */
import { existsSync, globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importSummhay, readDocuments, readSummhayRows, SourceError } from '#activities/source/index.ts';
import { emptyFolder } from '../dataset/support.ts';
import { collect } from './support.ts';

/** A topic of 12 documents; insight n stands in documents n and n + 1. */
const topic = (name: string, more: object = {}) => ({
  topic_id: name,
  subtopics: [{ insights: Array.from({ length: 6 }, (_, n) => ({ insight_id: `i${n}`, insight: `${name} says ${n}.`, insight_name: 'n' })) }],
  documents: Array.from({ length: 12 }, (_, n) => ({ document_id: `d${n}`, document_text: `Text ${n}\nof ${name}.`, insights_included: [`i${n}`, `i${n - 1}`].filter((id) => /^i[0-5]$/.test(id)) })),
  ...more,
});

async function importTopics(topics: object[], options: { trainRows?: number; testRows?: number; seed?: number } = {}) {
  const [folder, outputDir] = [await emptyFolder(), await emptyFolder()];
  const topicFiles = topics.map((_, at) => join(folder, `${at}.json`));
  await Promise.all(topics.map((value, at) => writeFile(topicFiles[at] as string, at % 2 === 0 ? JSON.stringify(value) : gzipSync(JSON.stringify(value)))));
  const summary = await importSummhay({ topicFiles, seed: 1, trainRows: 4, testRows: 2, outputDir, ...options });
  return {
    summary,
    counts: JSON.parse(await readFile(join(outputDir, 'counts.json'), 'utf8')),
    train: await collect(readSummhayRows(outputDir, 'train')),
    test: await collect(readSummhayRows(outputDir, 'test')),
    documents: await readDocuments(outputDir),
  };
}

describe('importing SummHay', () => {
  it('gives one row per insight and all documents, plain or gzipped', async () => {
    const { train, test, documents, counts } = await importTopics([topic('a'), topic('b')], { trainRows: 8, testRows: 3 });
    expect(new Set([...train, ...test].map(({ insight }) => insight)).size).toBe(12);
    expect(counts.rows).toEqual({ read: 12, train: 8, test: 4, further: 0, unused: 0, dropped: {} });
    expect(documents).toHaveLength(24);
    expect(documents[0]).toEqual({ id: 'a/d0', topic: 'a', text: 'Text 0 of a.', insights: ['i0'] });
  });

  it('asks no statement in both splits, and keeps the test split when more training rows are asked for', async () => {
    const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
    const first = await importTopics([topic('a'), topic('b')]);
    const more = await importTopics([topic('b'), topic('a')], { trainRows: 8 });
    expect(ids(more.test).slice(0, 2)).toEqual(ids(first.test).slice(0, 2));
    expect(ids(more.test).filter((id) => ids(more.train).includes(id))).toEqual([]);
  });

  it('drops insights that cannot be asked about, and counts them by reason', async () => {
    const insights = [{ insight_id: 'one', insight: 'In one document.' }, { insight_id: 'most', insight: 'In five documents.' }, { insight_id: 'none', insight: ' ' }, { insight_id: 'i0', insight: 'a says 0.' }, { insight_id: 'i1', insight: 'New.' }];
    const documents = Array.from({ length: 12 }, (_, n) => ({ document_id: `d${n}`, document_text: n === 11 ? 'T 10' : `T ${n}`, insights_included: [n === 0 ? ['one'] : [], n < 5 ? ['most'] : [], n < 3 ? ['i0', 'i1'] : []].flat() }));
    const { counts } = await importTopics([topic('a'), topic('b', { subtopics: [{ insights }], documents })], { trainRows: 4, testRows: 2 });
    expect(counts.rows.dropped).toEqual({ 'fewer than 2 documents support it': 1, 'fewer than 8 documents of its topic do not support it': 1, 'empty insight': 1, 'repeated insight': 1 });
    expect(counts.pool.dropped).toEqual({ 'repeated text': 1 });
  });

  it('refuses malformed files, and too few insights', async () => {
    await expect(importTopics([topic('a', { documents: [{ document_id: 'd', document_text: 3, insights_included: [] }] })])).rejects.toThrow(/documents\[0\]\.document_text: found 3, allowed: a value of type string/);
    await expect(importTopics([topic('a', { documents: [{ document_id: 'd', document_text: 'x', insights_included: ['zz'] }] })])).rejects.toThrow(/documents\[0\]\.insights_included: found "zz", allowed: an insight_id of this topic/);
    await expect(importTopics([topic('a'), topic('a')])).rejects.toThrow(/topic_id: found "a" a second time/);
    const short = importTopics([topic('a')], { trainRows: 9 });
    await expect(short).rejects.toThrow(SourceError);
    await expect(short).rejects.toThrow(/found 6 usable insights of 6 \(dropped: none\), needed: 2 for test \+ 9 for training/);
    await expect(importSummhay({ topicFiles: ['package-lock.json', 'LICENSE'], seed: 1, trainRows: 1, testRows: 1, outputDir: await emptyFolder() })).rejects.toThrow(/topic_id: found nothing/);
  });
});

const files = globSync(fileURLToPath(new URL('../../../../shared/data/summhay/topic_*.json.gz', import.meta.url))).sort();
describe.skipIf(files.length === 0 || !existsSync(files[0] as string))('the real SummHay data (needs ../shared)', () => {
  it('gives an insight per row, each in at least two documents', async () => {
    const outputDir = await emptyFolder();
    await importSummhay({ topicFiles: files, seed: 1, trainRows: 200, testRows: 100, outputDir });
    const documents = await readDocuments(outputDir);
    const rows = [...(await collect(readSummhayRows(outputDir, 'train'))), ...(await collect(readSummhayRows(outputDir, 'test')))];
    expect(rows.length).toBeGreaterThanOrEqual(300);
    expect(documents).toHaveLength(100 * files.length);
    for (const { id, topic } of rows) expect(documents.filter((document) => document.topic === topic && document.insights.includes(id.split('/')[1] as string)).length).toBeGreaterThanOrEqual(2);
  });
});
