export { buildDataset, type DatasetCounts, type DatasetRequest, type DatasetSummary } from './build.ts';
export { checkExample, type ExampleTruth } from './check.ts';
export { DatasetError, ExampleError } from './errors.ts';
