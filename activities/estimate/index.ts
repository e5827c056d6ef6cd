export { type ModelShape, forwardOperations, gpuHours, gpuHoursOf, pretrainingHours, SUSTAINED_FLOPS } from './gpu-hours.ts';
export { modelShape } from './model-shape.ts';
export { estimateWriting, type WritingEstimate } from './writing.ts';
