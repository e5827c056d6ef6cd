/** How far a long function is, in the shape that stages report as heartbeats. */
export interface Progress {
  phase: string;
  done: number;
  total: number;
  unit: string;
}
/** Called every now and then; an error it throws stops the work. */
export type OnProgress = (progress: Progress) => void;
