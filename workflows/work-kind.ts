/** What kind of work a stage is, and so which policy it runs under, which queue it waits in, and whether it counts as a trainer's time; the one place that says so. */
import type { Recipe, Stage } from './contracts/artifacts.ts';

/** `data`: any worker; `writing`: asks an LLM; `trainer`: a job of a trainer. */
export type WorkKind = 'data' | 'writing' | 'trainer';

const KINDS: Readonly<Record<Stage, WorkKind>> = {
  source: 'data',
  base: 'data',
  rank: 'trainer',
  write: 'writing',
  dataset: 'data',
  train: 'trainer',
  evaluate: 'trainer',
  score: 'trainer',
  mask: 'trainer',
  patch: 'trainer',
  report: 'data',
};

/** A base is imported by any worker, but pretrained by one with a trainer. */
export function workKindOf({ stage, params }: Pick<Recipe, 'stage' | 'params'>): WorkKind {
  return stage === 'base' && params.kind === 'pretrain' ? 'trainer' : KINDS[stage];
}

/** Stages that a trainer makes, whatever their params. */
export const TRAINER_STAGES: readonly Stage[] = (Object.keys(KINDS) as Stage[]).filter((stage) => KINDS[stage] === 'trainer');
