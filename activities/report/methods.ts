/** The methods paragraph: the settings actually used, ready to cite. */
import type { SweepResults } from '#workflows/contracts/report.ts';
import { describeBase } from './nature.ts';
import { count, list, nameOf, plural, setting, taskName } from './format.ts';

/** Sentences in the order of the experiment. */
export function methods({ spec, bases, methods: { bootstrap } }: SweepResults): string[] {
  const { train, evaluate, score, mask } = spec;
  const targets = train.targetModules === 'attention' ? 'the attention projections (query, key, value, output)' : 'all linear projections';
  const schedule = `${train.schedule === 'constant' ? 'constant' : `${train.schedule} schedule`}${train.warmupShare > 0 ? ` after ${setting(train.warmupShare * 100)} % warm-up` : ''}`;
  return [
    ...spec.tasks.map(({ task, contextTokens, examples }) => {
      const validation = Math.round(examples.total * examples.validationShare);
      return `${taskName(task)}: prompts of up to ${count(contextTokens)} tokens; ${count(examples.total)} examples per kind of training data (${spec.conditions.map(nameOf).join(', ')}), of which ${setting(examples.validationShare * 100)} % (about ${count(validation)}) are kept for validation; all models answer the same ${plural(examples.test, 'question')} of the real test split, disjoint from training.`;
    }),
    ...bases.map(describeBase),
    `Context extension: RoPE theta raised to ${list(spec.models.map(({ model, ropeTheta }) => `${setting(ropeTheta)} (${model})`))}, as in section 2.2 of the paper.`,
    `Tuning: LoRA on ${targets}, rank ${train.loraRank}, alpha ${setting(train.loraAlpha)}, learning rate ${setting(train.learningRate)}, ${schedule}, ${plural(train.epochs, 'epoch')}, batches of ${train.batchSize} with ${plural(train.accumulationSteps, 'accumulation step')}, gradient norm clipped at ${setting(train.maxGradNorm)}, loss on ${train.loss === 'answer' ? 'the answer and the end-of-sequence token only' : 'the whole sequence'}.`,
    `Evaluation: greedy decoding of at most ${plural(evaluate.maxNewTokens, 'token')}; token F1 and exact match after SQuAD normalisation (lower case, no punctuation, no articles), best over the accepted answers.`,
    `Intervals: ${setting(bootstrap.level * 100)} % percentile bootstrap over questions, ${count(bootstrap.resamples)} resamples, seed ${bootstrap.seed}; differences to real data are paired by question. They say how far other questions would move a figure, not how far another training seed would.`,
    `Retrieval scores (paper, Eq. 1 and 2) are means over the validation split of each model’s own data, ${score.decode === 'greedy' ? 'while it decodes greedily' : 'with the right answer teacher-forced'}, over ${score.gate === 'none' ? 'all answers' : 'correct answers only'}, counting ${score.counting === 'set' ? 'distinct tokens' : 'every token'}, looking for the answer in ${score.answerSpans === 'needle' ? 'the needles' : 'the whole prompt'}. A head counts from any score above zero. Recall is |H ∩ H_real| / |H_real|; cosine is that of the score vectors over all heads.`,
    ...(mask
      ? [
          `Masking: the outputs of the ${list(mask.k.map(String))} highest-scoring heads set to zero before the output projection, against as many random heads (${plural(mask.randomDraws, 'draw')}${mask.randomExcludesLayers.length > 0 ? `, ${mask.randomExcludesLayers.length === 1 ? 'layer' : 'layers'} ${list(mask.randomExcludesLayers.map(String))} left out` : ''}, the highest-scoring heads always left out)${mask.examples ? `, on the first ${plural(mask.examples, 'test question')}` : ''}.`,
        ]
      : ['No masking was asked for.']),
    `Everything is drawn from seed ${spec.seed}; the same spec gives the same artifacts.`,
  ];
}
