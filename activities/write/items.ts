import type { Task } from '#workflows/contracts/experiment.ts';
import type { Written } from '#workflows/contracts/writing.ts';
import { hopeless } from '../stage/failures.ts';
import type { Items, WritingRequest } from './item.ts';
import { mdqaNeedles } from './mdqa/needles.ts';
import { mdqaParagraphs } from './mdqa/paragraphs.ts';
import { mdqaPassages } from './mdqa/passages.ts';
import { musiqueNeedles } from './musique/needles.ts';
import { musiqueParagraphs } from './musique/paragraphs.ts';
import { summhayNeedles } from './summhay/needles.ts';

const ITEMS: Readonly<Record<Task, Partial<Record<Written, (request: WritingRequest) => Items>>>> = {
  mdqa: {
    needles: (request) => ({ needles: mdqaNeedles(request) }),
    passages: (request) => ({ passages: mdqaPassages(request) }),
    paragraphs: (request) => ({ needles: mdqaParagraphs(request) }),
  },
  musique: {
    needles: (request) => ({ needles: musiqueNeedles(request) }),
    paragraphs: (request) => ({ passages: musiqueParagraphs(request) }),
  },
  summhay: { needles: (request) => ({ needles: summhayNeedles(request) }) },
};

/** The items of a writing stage, in the order of the source's rows. */
export function itemsOf(request: WritingRequest): Items {
  const items = ITEMS[request.task][request.what];
  if (items === undefined) throw hopeless('InvalidInput', `what: found "${request.what}", allowed for ${request.task}: ${Object.keys(ITEMS[request.task]).join(', ')}`);
  return items(request);
}
