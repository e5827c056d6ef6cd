/** The one place where tasks and conditions of one's own are named (own-task.ts; README, "Your own task"). */
import type { OwnCondition, OwnTask } from './own-task.ts';

export const OWN_TASKS: readonly OwnTask[] = [];

export const OWN_CONDITIONS: readonly OwnCondition[] = [];
