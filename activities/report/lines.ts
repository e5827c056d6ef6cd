/** The lines of a file with anything in them, one at a time: a file of long prompts is never one text, nor all of its lines at once. */
export function* linesOf(bytes: Buffer): Generator<string> {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, from);
    const to = found < 0 ? bytes.length : found;
    if (to > from) yield bytes.toString('utf8', from, to);
    from = to + 1;
  }
}

const NEWLINE = 0x0a;
