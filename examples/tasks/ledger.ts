/**
 * An example of a task of one's own (README, "Your own task"): a ledger of a few entries, of which one is asked for. To have it, copy this
 * file to workflows/tasks/ and name it in workflows/tasks/index.ts.
 */
import { z } from 'zod';
import { defineTask, type OwnExample } from '#workflows/tasks/own-task.ts';

/** One line of its files of rows. */
const Row = z.strictObject({
  id: z.string().min(1),
  /** Amounts by account, several at least. */
  entries: z.array(z.strictObject({ account: z.string().min(1), amount: z.int() })).min(2),
  /** Which entry is asked for. */
  asked: z.int().nonnegative(),
});

export const ledger = defineTask<z.infer<typeof Row>>({
  task: 'ledger',
  title: 'Ledger',
  version: 1,
  row: Row,
  conditions: {
    /** The entry among the others of its row, and, to the context's length, remarks that state no amount. */
    real: ({ entries, asked }, { random }): OwnExample => {
      const { account, amount } = entries[asked]!;
      return {
        question: `How much does account ${account} hold?`,
        answer: String(amount),
        passages: entries.map((entry, at) => ({ text: `Account ${entry.account} holds ${entry.amount} crowns.`, ...(at === asked && { needles: [`Account ${entry.account} holds ${entry.amount} crowns.`] }) })),
        others: remarks(random),
      };
    },
    /** The same without words. */
    symbolic: ({ entries, asked }): OwnExample => ({
      question: `${entries[asked]!.account}?`,
      answer: String(entries[asked]!.amount),
      passages: entries.map(({ account, amount }, at) => ({ text: `${account}=${amount}`, ...(at === asked && { needles: [`${account}=${amount}`] }) })),
    }),
  },
  f1: 'tokens',
  heads: 'retrieval',
});

function* remarks(random: { int: (below: number) => number }): Generator<string> {
  const clerks = ['Ada', 'Bo', 'Cleo', 'Dora'];
  for (;;) yield `${clerks[random.int(clerks.length)]} checked page ${random.int(900) + 100} and found it in order.`;
}
