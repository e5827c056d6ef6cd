import type { StageResult } from '#workflows/contracts/artifacts.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { trainingRows } from '../source/artifact.ts';
import { runStage } from '../stage/run-stage.ts';
import { stoppable } from '../stage/stoppable.ts';
import { Writer } from './ask.ts';
import { itemsOf } from './items.ts';
import { openSource } from './open-source.ts';
import { requestOf, writingParams } from './params.ts';
import { writeItems } from './write-items.ts';

/**
 * Texts that conditions rest on (paper, section 3.2 and appendix A): needles with what is asked about them, or haystack. What
 * was paid for is kept as it comes, so that a stage that was interrupted goes on where it was.
 */
export function writeTexts(context: ActivityContext, { recipe, force, llm }: StageRequest): Promise<StageResult> {
  return runStage(context, 'write', { recipe, force }, async ({ input, optionalInput, outputFolder, progress, signal }) => {
    const params = writingParams(recipe);
    const source = await openSource(context, params.writer, llm, recipe.seed, signal);
    try {
      const rankingDir = (await optionalInput('ranking')) ?? undefined;
      const sourceDir = await input('source');
      const rows = await trainingRows(sourceDir);
      const items = itemsOf(requestOf(params, { sourceDir, rankingDir }, recipe.seed));
      const writer = new Writer(source.ask, params.attempts);
      const { name, atOnce, dollars } = source;
      const tell = stoppable({ progress, signal });
      const counts = await writeItems(items, { writer, writerName: name, atOnce, outputDir: outputFolder, rows, dollars }, (at, texts) => tell({ ...at, metrics: { texts, ...source.metrics() } }));
      const { asked, written, calls, promptTokens, completionTokens } = counts;
      return {
        summary: { asked, written, dropped: asked - written, calls, promptTokens, completionTokens, ...(counts.dollars !== null && { dollars: counts.dollars }) },
        // What this run paid for itself: the rest was in the cache of replies.
        measurements: { paidCalls: writer.used.paid },
      };
    } finally {
      await source.close();
    }
  });
}
