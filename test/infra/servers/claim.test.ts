import { expect, test } from 'vitest';
import { judgeClaim } from '#infra/servers/claim.ts';
import { explain } from '#infra/servers/server.ts';

const claim = { server: { pid: 10, command: 'temporal server' }, owner: { pid: 20, command: 'node main.ts' } };
const running = (processes: Record<number, string>) => (pid: number) => processes[pid] ?? null;

test.each([
  ['taken while server and owner live', { 10: 'temporal server', 20: 'node main.ts' }, 'taken'],
  ['orphan once the owner is gone', { 10: 'temporal server' }, 'orphan'],
  ["orphan where the owner's id was reused", { 10: 'temporal server', 20: 'bash' }, 'orphan'],
  ['free once the server is gone', { 20: 'node main.ts' }, 'free'],
  ["free where the server's id was reused", { 10: 'vim', 20: 'node main.ts' }, 'free'],
] as const)('a claim is %s', (_, processes, verdict) => {
  expect(judgeClaim(claim, running(processes))).toBe(verdict);
});

test('a failed start says what was logged, where, and what to do', () => {
  const message = explain({ what: 'The S3 server', why: 'ended', tail: 'a\nlisten: address already in use', logFile: 'logs/s3.log', advice: [{ pattern: /in use/, advice: 'choose another port' }] });
  expect(message).toBe('The S3 server ended.\n  | a\n  | listen: address already in use\nLog: logs/s3.log\nWhat to do: choose another port');
});
