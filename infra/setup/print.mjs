/** What the set-up says: one line per step on stderr, so that stdout belongs to the command. */
import { Blocked, SetupFailure } from './failure.mjs';

/**
 * @param {{ stream?: NodeJS.WriteStream, cache: string }} options
 */
export function createPrinter({ stream = process.stderr, cache }) {
  const busy = new Map();
  let announced = false;
  let ticker;

  const clear = () => stream.isTTY && stream.write('\r\x1b[2K');
  const line = (text) => {
    clear();
    stream.write(`${text}\n`);
  };
  const tick = () => {
    const doing = [...busy].map(([label, { since, waiting }]) => `${label}${waiting ? ' (waiting)' : ''} ${seconds(Date.now() - since)}`);
    if (doing.length > 0) {
      clear();
      stream.write(`  … ${doing.join(', ')}`.slice(0, (stream.columns ?? 80) - 1));
    }
  };

  return {
    line,
    /** A step has work to do: it is not simply ready. */
    begins(label) {
      if (!announced) line(`Setting up in ${cache} (only the first time; some minutes):`);
      announced = true;
      busy.set(label, { since: Date.now(), waiting: false });
      if (stream.isTTY) ticker ??= setInterval(tick, 1000);
    },
    /** Another set-up is doing this step. */
    waits(label, holder) {
      busy.set(label, { since: busy.get(label)?.since ?? Date.now(), waiting: true });
      line(`  ${label}: waiting for another set-up${holder ? ` (process ${holder.pid})` : ''} that is doing this`);
    },
    done(label, note) {
      const began = busy.get(label);
      busy.delete(label);
      if (began) line(`  ${label}: ${note} (${seconds(Date.now() - began.since)})`);
    },
    failed(label, error) {
      const began = busy.get(label);
      busy.delete(label);
      line(`  ${label}: FAILED${began ? ` after ${seconds(Date.now() - began.since)}` : ''}: ${error.message}`);
      if (error instanceof Blocked) return;
      if (!(error instanceof SetupFailure)) return line(indent(error.stack ?? String(error)));
      if (error.tail) line(indent(error.tail));
      if (error.log) line(`    Log: ${error.log}`);
      line(`    What to do: ${error.advice}`);
    },
    close() {
      clearInterval(ticker);
      clear();
    },
    get announced() {
      return announced;
    },
  };
}

/** Milliseconds as people say them: 0.1 s, 75 s. Pure. */
export function seconds(ms) {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

const indent = (text) => text.split('\n').map((part) => `    | ${part}`).join('\n');
