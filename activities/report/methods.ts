/** The methods paragraph: the settings actually used, ready to cite. */
import type { Task } from '#workflows/contracts/experiment.ts';
import type { SweepResults } from '#workflows/contracts/report.ts';
import type { Retriever, SweepSpec } from '#workflows/contracts/spec.ts';
import { isWritten } from '#workflows/plan/writings.ts';
import { describeBase } from './nature.ts';
import { count, list, nameOf, plural, setting, taskName } from './format.ts';

/** Sentences in the order of the experiment. */
export function methods({ spec, bases, methods: { bootstrap } }: SweepResults): string[] {
  const { train, evaluate, score, mask, patch } = spec;
  const targets = train.targetModules === 'attention' ? 'the attention projections (query, key, value, output)' : 'all linear projections';
  const schedule = `${train.schedule === 'constant' ? 'constant' : `${train.schedule} schedule`}${train.warmupShare > 0 ? ` after ${setting(train.warmupShare * 100)} % warm-up` : ''}`;
  return [
    ...spec.tasks.map(({ task, contextTokens, examples }) => {
      const validation = Math.round(examples.total * examples.validationShare);
      return `${taskName(task)}: prompts of up to ${count(contextTokens)} tokens; ${count(examples.total)} examples per kind of training data (${spec.conditions.map(nameOf).join(', ')}), of which ${setting(examples.validationShare * 100)} % (about ${count(validation)}) are kept for validation; all models answer the same ${plural(examples.test, 'question')} of the real test split, disjoint from training.`;
    }),
    ...spec.tasks.flatMap(({ task, source, retriever }) =>
      'pool' in source && source.pool !== undefined ? [`${taskName(task)}: further distractors are the passages of a pool that are most like the question ${rankedBy(retriever)}, none of them with an answer.`] : [],
    ),
    ...smallerThanThePaper(spec),
    ...writtenBy(spec),
    ...bases.map(describeBase),
    ...(spec.prompt.format === 'chat' ? ['Prompts B.1 and B.2 stand as a user’s message in the model’s chat template.'] : []),
    `Context extension: RoPE theta raised to ${list(spec.models.map(({ model, ropeTheta }) => `${setting(ropeTheta)} (${model})`))}${windows(spec)}, as in section 2.2 of the paper.`,
    `Tuning: LoRA on ${targets}, rank ${train.loraRank}, alpha ${setting(train.loraAlpha)}, learning rate ${setting(train.learningRate)}, ${schedule}, ${plural(train.epochs, 'epoch')}, batches of ${train.batchSize} with ${plural(train.accumulationSteps, 'accumulation step')}, gradient norm clipped at ${setting(train.maxGradNorm)}, loss on ${train.loss === 'answer' ? 'the answer and the end-of-sequence token only' : 'the whole sequence'}${train.deepspeed === 'off' ? '' : `, by DeepSpeed ZeRO stage ${train.deepspeed.at(-1)}`}.`,
    ...(spec.variants ?? []).map(({ variant, train: changes }) => `Variant ${variant}: the same, but ${list(Object.entries(changes).map(([name, value]) => `${name} ${typeof value === 'number' ? setting(value) : value}`))}.`),
    `Evaluation: greedy decoding of at most ${plural(evaluate.maxNewTokens, 'token')}; token F1 and exact match after SQuAD normalisation (lower case, no punctuation, no articles), best over the accepted answers.`,
    `Intervals: ${setting(bootstrap.level * 100)} % percentile bootstrap over questions, ${count(bootstrap.resamples)} resamples, seed ${bootstrap.seed}; differences to real data are paired by question. They say how far other questions would move a figure, not how far another training seed would.`,
    `Retrieval scores (paper, Eq. 1 and 2) are means over the validation split of each model’s own data, ${score.decode === 'greedy' ? 'while it decodes greedily' : 'with the right answer teacher-forced'}, over ${score.gate === 'none' ? 'all answers' : 'correct answers only'}, counting ${score.counting === 'set' ? 'distinct tokens' : 'every token'}, looking for the answer in ${score.answerSpans === 'needle' ? 'the needles' : 'the whole prompt'}. ${score.insightMatch === 'token' ? 'An insight is found where a head looks, in a needle, at the token about to be written. ' : ''}A head counts from any score above zero. Recall is |H ∩ H_real| / |H_real|; cosine is that of the score vectors over all heads.`,
    ...(mask
      ? [
          `Masking: the ${mask.mode === 'zero' ? 'outputs' : 'queries'} of the ${list(mask.k.map(String))} highest-scoring heads set to zero ${mask.mode === 'zero' ? 'before the output projection' : 'while decoding, so that they attend all keys alike'}, against as many random heads (${plural(mask.randomDraws, 'draw')}${mask.randomExcludesLayers.length > 0 ? `, ${mask.randomExcludesLayers.length === 1 ? 'layer' : 'layers'} ${list(mask.randomExcludesLayers.map(String))} left out` : ''}, the highest-scoring heads always left out)${mask.examples ? `, on the first ${plural(mask.examples, 'test question')}` : ''}.`,
        ]
      : ['No masking was asked for.']),
    ...(patch
      ? [
          `Patching (section 5 of the paper): heads of a model put out, before the output projection and at every position of the prompt, what they put out in the model tuned on real data; decoded tokens are left alone. Complement: ${patch.complement === 'difference' ? 'H_real without H' : 'heads in one of H_real and H only'}; intersection: H_real and H; N is the size of the smaller one; of the other, ${patch.choice === 'highest' ? 'the N that score highest on real data' : 'N drawn at random'}; against N random heads of all (${plural(patch.randomDraws, 'draw')})${patch.examples ? `, on the first ${plural(patch.examples, 'test question')}` : ''}.`,
        ]
      : []),
    `${spec.seeds ? `Data is drawn from seed ${spec.seed}, tuning and random heads from seed ${list(spec.seeds.map(String))}` : `Everything is drawn from seed ${spec.seed}`}; the same spec gives the same artifacts.`,
  ];
}

/** Sliding windows that were changed, after the thetas. */
function windows({ models }: SweepSpec): string {
  const changed = models.flatMap(({ model, slidingWindow }) => (slidingWindow === undefined ? [] : [slidingWindow === null ? `taken away (${model})` : `set to ${count(slidingWindow)} (${model})`]));
  return changed.length === 0 ? '' : `, sliding window ${list(changed)}`;
}

/** What each task's contexts have fewer of than the paper's (sections 2.2 and 3.2), where they do. */
function smallerThanThePaper({ tasks, conditions }: SweepSpec): string[] {
  const symbolic = conditions.includes('symbolic');
  return tasks.flatMap(({ task, hops, dictionaryEntries, documents, listLength }) => {
    const sizes: Partial<Record<Task, string[]>> = {
      musique: [...(hops === 3 ? [] : [`questions of ${hops} hops instead of three`]), ...(symbolic && dictionaryEntries !== 10 ? [`symbolic dictionaries of ${plural(dictionaryEntries, 'entry', 'entries')} instead of ten`] : [])],
      summhay: [...(documents === 10 ? [] : [`contexts of ${documents} documents instead of ten`]), ...(symbolic && listLength !== 180 ? [`symbolic lists of ${plural(listLength, 'string')} instead of 180`] : [])],
    };
    const { [task]: smaller = [] } = sizes;
    return smaller.length === 0 ? [] : [`${taskName(task)} has ${list(smaller)}.`];
  });
}

/** Who wrote what the conditions with dimensions are made of, where they do not write it themselves. */
function writtenBy({ tasks, conditions, write }: SweepSpec): string[] {
  if (write === undefined || !tasks.some(({ task, source }) => source.kind !== 'miniature' && conditions.some((condition) => isWritten(task, condition)))) return [];
  const by = write.provider === 'offline' ? 'by templates of the project in place of an LLM' : `by ${write.model} (${write.temperature === null ? 'at its own temperature' : `temperature ${setting(write.temperature)}`}, at most ${count(write.maxTokens)} tokens${write.extra ? `, ${JSON.stringify(write.extra)}` : ''})`;
  const facts = tasks.some(({ task }) => task === 'musique') ? `; MuSiQue’s facts under low concept expression are ${write.lowFacts === 'template' ? 'sentences of a template' : 'written by prompt A.3'}` : '';
  return [`Texts of the written conditions are made ${by} with prompts A.1 to A.7 of the paper${facts}. A reply that does not fit its form is asked for up to ${plural(write.attempts, 'time')}, then its row is dropped and counted.`];
}

/** How passages are found to be like a question, after "most like the question". */
function rankedBy(retriever: Retriever): string {
  if (retriever.kind === 'bm25') return 'by BM25';
  const { model, similarity, top, maxTokens } = retriever;
  return `by ${model.name} (means of the last hidden states over at most ${plural(maxTokens, 'token')}, ${similarity === 'dot' ? 'dot product' : 'cosine'}; the ${count(top)} best, behind them by BM25)`;
}
