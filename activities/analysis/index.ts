/** Statistics of the study: pure functions of predictions, head scores and artifacts' contents. */
export { answerTokens, citationF1, citationMatch, exactMatch, scorePredictions, tokenF1 } from './answers.ts';
export { bootstrapMean, LEVEL, mean, quantile, RESAMPLES, type Bootstrap } from './intervals.ts';
export { cosine, randomHeads, recall, retrievalHeads, scoreKind, topHeads, type RandomHeadsInput, type ScoreMatrix } from './heads.ts';
export { averageRanks, EXACT, spearman } from './correlation.ts';
export { bestValues, boldRule, type BestValues } from './best-values.ts';
export { compareWithPaper } from './compared-tables.ts';
export { isSynthetic } from './conditions.ts';
export { columnsOf, SPEARMAN_ROW } from './table-labels.ts';
export { correlations } from './correlations.ts';
export { inspect, type InspectedFiles, type ScoredExample } from './inspection.ts';
export { patchingFindings } from './patching.ts';
export {
  analyseSweep,
  evaluation,
  headFindings,
  SAMPLED_QUESTIONS,
  type BaselineFiles,
  type CellFiles,
  type EvaluateFiles,
  type SettingFiles,
  type SweepFiles,
} from './sweep.ts';
export { unitId } from './units.ts';
