import { type StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import { canonicalJson } from './canonical-json.ts';

/**
 * `results.json`: the results as canonical JSON (RFC 8785), one line with a line feed. What a run took is left out (null):
 * the same spec and seed give the same bytes, however fast the machine and whatever crashed; the page shows the times.
 * @throws ZodError where they do not fit the schema
 */
export function resultsJson(results: SweepResults): string {
  return canonicalJson(withoutTimes(SweepResults.parse(results)));
}

function withoutTimes(results: SweepResults): SweepResults {
  const untimed = (stages: StageFacts[]) => stages.map((stage): StageFacts => ({ ...stage, seconds: null, reused: null }));
  return {
    ...results,
    sources: results.sources.map((source) => ({ ...source, stages: untimed(source.stages) })),
    bases: results.bases.map((base) => ({ ...base, stages: untimed(base.stages) })),
    settings: results.settings.map((setting) => ({
      ...setting,
      test: { ...setting.test, stages: untimed(setting.test.stages) },
      baselines: setting.baselines.map((baseline) => ({ ...baseline, stages: untimed(baseline.stages) })),
      cells: setting.cells.map((cell) => ({ ...cell, stages: untimed(cell.stages) })),
    })),
  };
}
