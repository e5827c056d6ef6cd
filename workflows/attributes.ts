/** Search attributes of sweeps and cells, by which `temporal workflow list --query` finds them. */
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Stage } from './contracts/artifacts.ts';
import { ATTRIBUTE_NAMES } from './attribute-names.ts';
import type { CellPlan } from './plan/plan.ts';

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

const SWEEP = keyword(ATTRIBUTE_NAMES.sweep);
const TASK = keyword(ATTRIBUTE_NAMES.task);
const MODEL = keyword(ATTRIBUTE_NAMES.model);
const CONDITION = keyword(ATTRIBUTE_NAMES.condition);
const STAGE = keyword(ATTRIBUTE_NAMES.stage);
const STATUS = keyword(ATTRIBUTE_NAMES.status);

/** The stage that every cell begins with. */
const FIRST_STAGE: Stage = 'dataset';

/** Those that a cell has from its start. */
export function attributesOfCell(sweep: string, { task, model, condition }: CellPlan): SearchAttributePair[] {
  return [
    { key: SWEEP, value: sweep },
    { key: TASK, value: task },
    { key: MODEL, value: model },
    { key: CONDITION, value: condition },
    { key: STAGE, value: FIRST_STAGE },
    { key: STATUS, value: 'running' },
  ];
}

/** Makes the current workflow findable as a sweep. */
export function showSweep(sweep: string, status: string): void {
  upsertSearchAttributes([
    { key: SWEEP, value: sweep },
    { key: STATUS, value: status },
  ]);
}

export function showStatus(status: string): void {
  upsertSearchAttributes([{ key: STATUS, value: status }]);
}

/** The stage that a cell is at, with its status. Each change costs an event, so what is shown already is not shown again. */
export function showStage(stage: Stage, status: string): void {
  const { typedSearchAttributes: shown } = workflowInfo();
  if (shown.get(STAGE) === stage && shown.get(STATUS) === status) return;
  upsertSearchAttributes([
    { key: STAGE, value: stage },
    { key: STATUS, value: status },
  ]);
}
