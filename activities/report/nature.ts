/** What a sweep's figures can be taken for: said before any of them, from what its sources and bases are. */
import type { BaseFacts, SweepResults } from '#workflows/contracts/report.ts';
import { count, list, parameters, plural, setting, sourceText, taskName } from './format.ts';

/** Bases below this many parameters are called tiny. */
const TINY = 1e8;

/** Plain statements on what this sweep is and is not. */
export function nature({ sources, bases, spec }: SweepResults): string[] {
  const miniature = sources.filter(({ kind }) => kind === 'miniature');
  const questions = sources.filter(({ kind }) => kind !== 'miniature');
  const tiny = bases.every(({ parameters: size }) => size === null || size < TINY);
  const made = bases.filter(({ kind }) => kind === 'pretrain');
  return [
    ...(miniature.length > 0
      ? [
          `This is the experiment in miniature: ${tiny ? 'a tiny model and ' : ''}authored questions${miniature.length < sources.length ? ` (in ${list(miniature.map(({ task }) => taskName(task)))})` : ''}. Its figures are no claim about the paper’s models.`,
        ]
      : []),
    ...questions.map(
      ({ task, kind, rows }) => `${taskName(task)} asks ${sourceText(kind)}${rows ? ` (${plural(rows.train, 'training question')}, ${plural(rows.test, 'test question')})` : ''}.`,
    ),
    ...(made.length > 0 && questions.length > 0
      ? [
          `${list(made.map(describeMade))} on the words of this corpus alone and has read nothing else, so a low F1 is expected. The run shows that the whole path works on real data; its figures are no claim about the paper’s models.`,
        ]
      : []),
    ...bases.flatMap((base) => (base.seededInduction === null ? [] : [`What was put in by hand (${base.model}): ${sentence(base.seededInduction)}`])),
    ...(spec.models.some(({ dtype }) => dtype !== 'float32') ? [`Weights were held in ${list([...new Set(spec.models.map(({ dtype }) => dtype))])}.`] : []),
  ];
}

function describeMade({ model, parameters: size }: BaseFacts): string {
  return `The base model ${model}${size === null ? '' : ` (${parameters(size)} parameters)`} was trained from scratch by this sweep`;
}

/** One sentence per base on what it is, for the methods. */
export function describeBase(base: BaseFacts): string {
  const { architecture: shape, parameters: size } = base;
  const parts = [
    ...(size === null ? [] : [`${parameters(size)} parameters`]),
    ...(shape === null
      ? []
      : [
          plural(shape.layers, 'layer'),
          `width ${count(shape.hiddenSize)}`,
          ...(shape.attentionHeads === null || shape.keyValueHeads === null ? [] : [`${plural(shape.attentionHeads, 'attention head')} over ${plural(shape.keyValueHeads, 'key-value head')}`]),
          ...(shape.vocabularySize === null ? [] : [`vocabulary of ${count(shape.vocabularySize)}`]),
          ...(shape.ropeTheta === null ? [] : [`RoPE theta ${setting(shape.ropeTheta)}`]),
        ]),
  ];
  return `Base model ${base.model}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}.${base.origin === null ? '' : ` ${sentence(base.origin)}`}`;
}

/** The text, ending as a sentence does. */
const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
