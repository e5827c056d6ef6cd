import { z } from 'zod';
import type { SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { SPARE_SHARE } from '#workflows/contracts/spec.ts';
import { type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { readJsonFile } from '../json-file.ts';
import { orderKey } from '../order.ts';
import { oneLine } from '../passage.ts';
import type { OnProgress } from '../progress.ts';
import { Tally } from '../tally.ts';

export interface SummhayImport {
  /** One JSON file per topic, plain or gzipped. */
  topicFiles: readonly string[];
  seed: number;
  /** Insights that must be there for training (with validation) and for the test split. */
  trainRows: number;
  testRows: number;
  /** Rows of either split beyond those, as a share of them, where the file has them. */
  spareShare?: number;
  outputDir: string;
}

/** The fields that are read of a *Summary of a Haystack* topic (Laban et al. 2024); others are allowed and ignored. */
export const SummhayTopic = z.object({
  topic_id: z.string().min(1),
  subtopics: z.array(z.object({ insights: z.array(z.object({ insight_id: z.string().min(1), insight: z.string() })) })).min(1),
  documents: z.array(z.object({ document_id: z.string().min(1), document_text: z.string(), insights_included: z.array(z.string()) })).min(1),
});

/** Documents of a haystack, and how many of them support the statement (paper, section 2.2). */
export const DOCUMENTS = 10;
export const SUPPORTING = 2;

/**
 * Imports topics of SummHay as a source artifact: one row per insight that two documents of its topic support and eight do
 * not. Insights are ordered by a hash of seed and id, test rows first (and the spare ones), so no statement is asked in both
 * splits; the documents of a topic serve both, as the benchmark has only ten topics.
 * @throws SourceError for a malformed file, a document that names an unknown insight, or too few good insights
 */
export async function importSummhay({ topicFiles, seed, trainRows, testRows, spareShare = SPARE_SHARE, outputDir }: SummhayImport, onProgress?: OnProgress): Promise<SourceSummary> {
  const dropped = new Tally();
  const documentsDropped = new Tally();
  const documents: SummhayDocument[] = [];
  const rows: SummhayRow[] = [];
  const [topics, statements] = [new Set<string>(), new Set<string>()];
  let read = 0;
  for (const [done, file] of topicFiles.entries()) {
    onProgress?.({ phase: 'reading topics', done, total: topicFiles.length, unit: 'topics' });
    const { topic_id: topic, subtopics, documents: found } = await readJsonFile(SummhayTopic, file);
    if (topics.has(topic)) throw new SourceError(`${file}: topic_id: found "${topic}" a second time, allowed: each topic once`);
    topics.add(topic);
    const insights = subtopics.flatMap((subtopic) => subtopic.insights);
    const known = new Set(insights.map(({ insight_id }) => insight_id));
    const texts = new Set<string>();
    const ofTopic: SummhayDocument[] = [];
    for (const [at, { document_id, document_text, insights_included }] of found.entries()) {
      const unknown = insights_included.find((id) => !known.has(id));
      if (unknown !== undefined) throw new SourceError(`${file}: documents[${at}].insights_included: found "${unknown}", allowed: an insight_id of this topic`);
      const text = oneLine(document_text);
      if (text === '') documentsDropped.add('empty text');
      else if (texts.has(text)) documentsDropped.add('repeated text');
      else ofTopic.push({ id: `${topic}/${document_id}`, topic, text, insights: insights_included });
      texts.add(text);
    }
    documents.push(...ofTopic);
    for (const { insight_id: id, insight: written } of insights) {
      read += 1;
      const insight = oneLine(written);
      const supporting = ofTopic.filter((document) => document.insights.includes(id)).length;
      if (insight === '') dropped.add('empty insight');
      else if (statements.has(insight)) dropped.add('repeated insight');
      else if (supporting < SUPPORTING) dropped.add(`fewer than ${SUPPORTING} documents support it`);
      else if (ofTopic.length - supporting < DOCUMENTS - SUPPORTING) dropped.add(`fewer than ${DOCUMENTS - SUPPORTING} documents of its topic do not support it`);
      else {
        statements.add(insight);
        rows.push({ id: `${topic}/${id}`, topic, insight });
      }
    }
  }
  const ordered = rows.map((row) => ({ row, key: orderKey(seed, row.id) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
  if (ordered.length < testRows + trainRows) {
    throw new SourceError(`${topicFiles.join(', ')}: found ${ordered.length} usable insights of ${read} (dropped: ${dropped}), needed: ${testRows} for test + ${trainRows} for training`);
  }
  const spare = Math.min(Math.ceil(testRows * spareShare), ordered.length - testRows - trainRows);
  const test = ordered.slice(0, testRows + spare);
  const train = ordered.slice(test.length, test.length + trainRows + Math.ceil(trainRows * spareShare));
  return writeSource(outputDir, { train, test, documents }, () => ({
    rows: { read, train: train.length, test: test.length, further: 0, unused: ordered.length - train.length - test.length, dropped: dropped.toRecord() },
    passages: { kept: 0, dropped: {} },
    pool: { kept: documents.length, dropped: documentsDropped.toRecord() },
  }));
}
