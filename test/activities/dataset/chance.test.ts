/** What guessing gives on the miniature's real test questions, as the README says: figures are to be held against it. */
import { expect, it } from 'vitest';
import { citationF1, tokenF1 } from '#activities/analysis/answers.ts';
import { buildDataset } from '#activities/dataset/index.ts';
import { readMdqaRows, readMusiqueRows, writeMiniature } from '#activities/source/index.ts';
import { relationOf } from '#activities/source/miniature/chains.ts';
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import type { Fact } from '#workflows/contracts/source.ts';
import { documents, emptyFolder, readExamples, chainsTokenizer } from './support.ts';

const world = miniatureWorld();

/** Real test questions at 1,024 tokens, and the fact that answers each. */
async function questions(task: Task) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  await writeMiniature({ task, seed: 1, trainRows: 0, testRows: 100, outputDir: sourceDir });
  await buildDataset({ task, condition: 'real', sourceDir, tokenizerFile: chainsTokenizer, contextTokens: 1024, seed: 1, examples: { test: 100 }, outputDir });
  const facts = new Map<string, Fact>();
  if (task === 'mdqa') for await (const { id, fact } of readMdqaRows(sourceDir, 'test')) facts.set(id, fact!);
  if (task === 'musique') for await (const { id, hops } of readMusiqueRows(sourceDir, 'test')) facts.set(id, hops.at(-1)!.fact!);
  return { examples: await readExamples(outputDir, 'test'), facts };
}

/** Values that the context gives for the relation asked for, of whatever subject. */
function candidates(example: Example, fact: Fact): Set<string> {
  const found = new Set<string>();
  for (const { title, text } of documents(example)) {
    for (const wording of relationOf(world, fact).real.facts) {
      for (const form of [wording, wording.replaceAll('the {x}', 'it')]) {
        const pattern = form.replace(/ ([.,])/g, '$1').replaceAll('.', '\\.').replaceAll('{x}', title).replaceAll('{y}', '([A-Za-z0-9]+(?: [A-Z][a-z]+)?)');
        for (const [, value] of text.matchAll(new RegExp(`(?<=^|\\. )${pattern}(?= |$)`, 'gi'))) found.add(value!);
      }
    }
  }
  return found;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it.each([['mdqa', 0.13], ['musique', 0.18]] as const)('is an F1 of about %s %f for any value of the right kind', { timeout: 60_000 }, async (task, said) => {
  const { examples, facts } = await questions(task);
  const guessed = examples.map((example) => {
    const values = candidates(example, facts.get(example.id)!);
    expect(values).toContain(example.answer);
    return mean([...values].map((value) => tokenF1(value, example.answers)));
  });
  expect(Math.abs(mean(guessed) - said)).toBeLessThan(0.03);
});

it('is an F1 of .20 for any two of ten documents', async () => {
  const { examples } = await questions('summhay');
  const guessed = examples.map(({ prompt, answers }) => {
    const numbers = [...prompt.matchAll(/^Document \[(\d+)\]: /gm)].map(([, number]) => number!);
    return mean(numbers.flatMap((one, at) => numbers.slice(at + 1).map((other) => citationF1(`[${one}][${other}]`, answers))));
  });
  expect(mean(guessed)).toBeCloseTo(0.2, 10);
});
