import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isAbandoned, ownJournalName, releasedJournalName } from '#infra/llm/cache/owner.ts';

describe('isAbandoned', () => {
  it('leaves the journals of living processes alone', () => {
    expect(isAbandoned(ownJournalName())).toBe(false);
  });

  it('knows a dead process, and one that only has the same id', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const name = `${child.pid}-17-0a0a.jsonl`;
    expect(isAbandoned(name, () => 17)).toBe(false);
    expect(isAbandoned(name)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAbandoned(name, () => null)).toBe(true);
    expect(isAbandoned(name)).toBe(true);
  });

  it('gives released journals to anyone, and other files to no one', () => {
    expect(isAbandoned(releasedJournalName())).toBe(true);
    expect(isAbandoned('notes.txt')).toBe(false);
    expect(isAbandoned('notes.jsonl')).toBe(false);
  });
});
