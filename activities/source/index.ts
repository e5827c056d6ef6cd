export { answerFilter, answerOccurrences, normalise, type TextRange } from './answers.ts';
export { SourceError } from './errors.ts';
export { readJsonLines, writeJsonLines } from './json-lines.ts';
export { type MiniatureSource, writeMiniature } from './miniature/write.ts';
export { importNqOpen, type NqOpenImport } from './nq-open/import.ts';
export type { OnProgress, Progress } from './progress.ts';
export { readMdqaRows, readPool, type SourceCounts, type SourceSummary } from './rows.ts';
export { Tally } from './tally.ts';
