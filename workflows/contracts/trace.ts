/** Where a number of the report comes from: a unit of the sweep, and which of its measures. */
import { z } from 'zod';

/** What is measured of a unit (a cell or baseline). */
export const Measure = z.enum(['f1', 'f1MinusReal', 'ownF1', 'heads', 'overlap', 'masking', 'patching', 'loss', 'data']);
export type Measure = z.infer<typeof Measure>;

/** `unit`: id of a cell or baseline, `mdqa/tiny-llama/real`. */
export const TraceRef = z.strictObject({ unit: z.string().min(1), measure: Measure });
export type TraceRef = z.infer<typeof TraceRef>;
