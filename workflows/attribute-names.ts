/**
 * Names of the search attributes, all of type Keyword; apart from attributes.ts, since whoever registers them is no workflow.
 * They have a prefix since other applications may share the namespace.
 */
export const ATTRIBUTE_NAMES = {
  sweep: 'NeedleworkSweep',
  task: 'NeedleworkTask',
  model: 'NeedleworkModel',
  condition: 'NeedleworkCondition',
  stage: 'NeedleworkStage',
  status: 'NeedleworkStatus',
} as const;
