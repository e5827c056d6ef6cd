/** What the trainers' devices cost, where a spec says what an hour of a GPU does. Pure. */
import type { Recipe } from '../contracts/artifacts.ts';
import { ModelSpec, type SweepSpec } from '../contracts/spec.ts';

const Device = ModelSpec.shape.device.unwrap();
export type Device = ModelSpec['device'];

/** Dollars of so many hours of a device; null where the spec has no price. CPUs cost nothing; `auto` counts as the GPU that it takes where there is one. */
export function gpuDollars({ gpuHourDollars = null }: Pick<SweepSpec, 'gpuHourDollars'>, device: Device, hours: number): number | null {
  if (gpuHourDollars === null) return null;
  return device === 'cpu' ? 0 : hours * gpuHourDollars;
}

/** The device that a stage's recipe asks for: that of its model, or of its encoder; the CPU for what needs neither. */
export function deviceOf({ params }: Recipe): Device {
  const { device = 'cpu' } = (params['model'] ?? params) as { device?: unknown };
  return Device.parse(device);
}

/** Dollars of LLMs and GPUs together; null where the LLM's are not known. */
export function totalDollars(llm: number | null, gpu: number | null): number | null {
  return llm === null ? null : llm + (gpu ?? 0);
}
