/** MDQA's made-up paragraphs: about two fake entities each, with a question and an answer of their own (prompt A.2). */
import { seededRandom } from '#activities/random/seeded.ts';
import type { WrittenNeedles } from '#workflows/contracts/writing.ts';
import { SymbolDraw } from '../../dataset/symbols.ts';
import { readMdqaRows } from '../../source/artifact.ts';
import { checked, length, naming, without, words } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { readAsked } from '../reply.ts';

/** Fake entities of a paragraph. */
const ENTITIES = 2;
/** The answer is to be inferred "within one or two words"; a date may have three. */
const ANSWER_WORDS = 3;
/** Around the 100 words asked for. */
const FEWEST = 40;
const MOST = 250;

/** One paragraph per row; where these are too few to fill a context, further ones. */
export async function* mdqaParagraphs({ sourceDir, passages, seed }: WritingRequest): AsyncGenerator<Item<WrittenNeedles>> {
  const symbols = new SymbolDraw(seededRandom('mdqa fake entities', seed), 'capitals');
  let rows = 0;
  for await (const { id } of readMdqaRows(sourceDir, 'train only')) {
    rows += 1;
    yield paragraph(id, rows, symbols.take(ENTITIES));
  }
  for (let at = rows; at <= passages; at += 1) yield paragraph(`extra-${at}`, rows, symbols.take(ENTITIES));
}

function paragraph(id: string, row: number, entities: readonly string[]): Item<WrittenNeedles> {
  return {
    id,
    row,
    write: async (writer) => {
      const { title, text, question, answer } = await writer.write('A.2', { entity: entities.join(', ') }, (reply) =>
        checked(
          readAsked(reply),
          (said) => (words(said.answer) > ANSWER_WORDS ? 'answer too long' : null),
          (said) => without(said.text, [said.answer], 'the answer in its text'),
          (said) => without(said.text, entities, 'a fake entity'),
          (said) => naming(`${said.question}\n${said.title}`, [said.answer], 'the answer in question or title'),
          (said) => length(said.text, FEWEST, MOST),
        ),
      );
      return { id, question, answers: [answer], titles: [title], needles: [text] };
    },
  };
}
