/** The tables of the paper (arXiv 2410.22316) as data: what the report holds a sweep's own figures against. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Baseline, Condition, Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';

/** The paper's models: Llama-3-8B-Instruct and Mistral-7B-Instruct-v0.1. */
export const PaperModel = z.enum(['llama3', 'mistral']);
export type PaperModel = z.infer<typeof PaperModel>;

const Score = z.enum(['retrieval', 'insight']);
const where = {
  task: Task,
  model: PaperModel,
  /** As printed, in the table's own row or the row that it means (`note`). */
  value: z.number(),
  /** Where the paper contradicts itself on this cell. */
  note: z.string().min(1).optional(),
};

/** One number of a table, and what it is a number of. */
export const PaperCell = z.discriminatedUnion('measure', [
  z.strictObject({ measure: z.literal('f1'), ...where, condition: z.union([Condition, Baseline]) }),
  z.strictObject({ measure: z.literal('heads'), ...where, condition: Condition }),
  /** |H_condition ∩ H_against| / |H_against|. */
  z.strictObject({ measure: z.literal('recall'), ...where, condition: Condition, against: Condition }),
  /** Of the real cells' score vectors of two tasks. */
  z.strictObject({ measure: z.literal('cosine'), ...where, score: Score, againstTask: Task, againstScore: Score }),
  z.strictObject({ measure: z.literal('spearman'), ...where }),
  z.strictObject({ measure: z.enum(['n', 'complement', 'intersection', 'random', 'original', 'delta']), ...where, condition: Condition }),
  /** Of the real model's scores, over heads that the condition shares with the real cell, and over those that the real cell alone has. */
  z.strictObject({ measure: z.enum(['meanIntersection', 'meanComplement']), ...where, condition: Condition }),
]);
export type PaperCell = z.infer<typeof PaperCell>;

export const PaperTable = z.strictObject({
  table: z.int().min(1).max(19),
  /** First sentence of the caption. */
  caption: z.string().min(1),
  kind: z.enum(['f1_by_condition', 'cosine', 'patching', 'spearman', 'pairwise_recall', 'mean_scores']),
  /** What was tuned: attention heads only, or all modules (appendix G). */
  modules: z.enum(['attention', 'all']),
  /** Spearman of the first column with F1, as the caption or the text says. */
  reportedSpearman: z.number().min(-1).max(1).optional(),
  /** Where the paper contradicts itself on the table as a whole, or leaves something out of it. */
  notes: z.array(z.string().min(1)).optional(),
  cells: z.array(PaperCell).min(1),
});
export type PaperTable = z.infer<typeof PaperTable>;

const Paper = z.strictObject({ citation: z.string().min(1), tables: z.array(PaperTable).length(19) });

const paper = parse(Paper, JSON.parse(readFileSync(new URL('./tables.json', import.meta.url), 'utf8')), 'activities/paper/tables.json');

export const CITATION: string = paper.citation;
/** Tables 1 to 19, in order. */
export const PAPER_TABLES: readonly PaperTable[] = paper.tables;
