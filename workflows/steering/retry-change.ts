/** What a `retry` signal asks for. Apart from the desks: a cell loads schemas only when it is told something. */
import { InvalidInput, parse } from '../contracts/parse.ts';
import { RetryChange } from '../contracts/steering.ts';

/** Before why. */
export const NOTHING_TRIED = 'Nothing was tried again, since ';

/** The change of a signal, or, as a signal cannot be refused, why nothing comes of it, as people read it. */
export function retryChange(given: unknown): { change: RetryChange; refused: null } | { change: null; refused: string } {
  try {
    return { change: parse(RetryChange, given ?? {}, 'the input of the signal retry'), refused: null };
  } catch (error) {
    if (error instanceof InvalidInput) return { change: null, refused: `${NOTHING_TRIED}${error.message}` };
    throw error;
  }
}
