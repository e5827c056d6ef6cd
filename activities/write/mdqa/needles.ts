/** MDQA's needles: question and answer combined to a statement and paraphrased by prompt A.1 (paper, section 3.2 and A.1). */
import { seededRandom } from '#activities/random/seeded.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import type { WrittenNeedles } from '#workflows/contracts/writing.ts';
import { SymbolDraw } from '../../dataset/symbols.ts';
import { firstStated } from '../../source/answers.ts';
import { readMdqaRows, readPool } from '../../source/artifact.ts';
import { Unwritable, type Writer } from '../ask.ts';
import { checked, length, naming, without } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { KnownNames } from '../names/known-names.ts';
import { Symbols } from '../names/symbols.ts';
import { NO_SYMBOL, TOPIC_SYMBOL } from '../notes.ts';
import { readPlain } from '../reply.ts';

/** Words of a needle: a sentence or a few, "with additional details". */
const FEWEST = 5;
const MOST = 200;

export async function* mdqaNeedles({ sourceDir, expression, seed }: WritingRequest): AsyncGenerator<Item<WrittenNeedles>> {
  const symbols = new SymbolDraw(seededRandom('mdqa symbols', seed), 'capitals');
  const known = expression === 'low' ? await knownNames(sourceDir) : null;
  let rows = 0;
  for await (const row of readMdqaRows(sourceDir, 'train only')) {
    rows += 1;
    const answer = firstStated(row.answers, row.gold.text);
    if (answer === undefined) continue;
    if (known === null) {
      yield { id: row.id, row: rows, write: (writer) => needle(writer, row.id, row.question, [answer, ...row.answers.filter((other) => other !== answer)], []) };
      continue;
    }
    // Symbols are drawn row by row, so that none stands for two things, whatever is written first.
    const low = symbolised(row, symbols, known);
    yield {
      id: row.id,
      row: rows,
      note: low.note,
      write: async (writer) => {
        if (naming(low.question, [low.answer], 'its answer') !== null) throw new Unwritable('question names its answer');
        return needle(writer, row.id, low.question, [low.answer], low.asked, row.answers);
      },
    };
  }
}

export interface SymbolicQuestion {
  question: string;
  answer: string;
  /** Symbols of the question, its answer's not among them. */
  asked: string[];
  /** What is to be counted of it; null where names have the symbols. */
  note: string | null;
}

/** The question with a symbol for each name it gives, and one for its answer in all its forms; without a name, one for what it is about. */
export function symbolised({ question, answers, gold }: MdqaRow, draw: SymbolDraw, known: KnownNames): SymbolicQuestion {
  const symbols = new Symbols(() => draw.next());
  const answer = symbols.ofForms(answers);
  for (const key of known.in([question], [gold])) symbols.ofName(key);
  let note: string | null = null;
  if (symbols.replacedIn(question).length === 0) {
    const topic = known.topicOf(question, gold);
    if (topic !== null) symbols.ofName(topic);
    note = topic === null ? NO_SYMBOL : TOPIC_SYMBOL;
  }
  const written = symbols.write(question);
  return { question: written, answer, asked: symbols.in(written).filter((symbol) => symbol !== answer), note };
}

/** Names of all training questions, by what the passages say that come with them and those of the pool. */
async function knownNames(sourceDir: string): Promise<KnownNames> {
  const questions: string[] = [];
  for await (const { question } of readMdqaRows(sourceDir, 'train only')) questions.push(question);
  return KnownNames.of(questions, passages(sourceDir));
}

async function* passages(sourceDir: string): AsyncGenerator<Passage> {
  for await (const { gold, distractors } of readMdqaRows(sourceDir, 'train only')) yield* [gold, ...distractors];
  yield* await readPool(sourceDir);
}

async function needle(writer: Writer, id: string, question: string, answers: string[], kept: readonly string[], replaced: readonly string[] = []): Promise<WrittenNeedles> {
  const [answer = ''] = answers;
  const sentence = `The answer to the question "${question}" is ${answer}.`;
  const text = await writer.write('A.1', { sentence, question, answer }, (reply) =>
    checked(
      readPlain(reply),
      (said) => without(said, [answer], 'the answer'),
      (said) => without(said, kept, 'a symbol of the question'),
      (said) => naming(said, replaced, 'the real answer'),
      (said) => length(said, FEWEST, MOST),
    ),
  );
  return { id, question, answers, titles: [], needles: [text] };
}
