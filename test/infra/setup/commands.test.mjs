import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environment, exportLines, stepsOf } from '../../../infra/setup/commands.mjs';
import { tellingLines } from '../../../infra/setup/programs.mjs';
import { whyNot } from '../../../infra/setup/pythons.mjs';
import { lockDifferences } from '../../../infra/setup/steps/packages.mjs';
import { wantsDeepSpeed } from '../../../infra/setup/steps/python.mjs';

test('a command sets up no more than it needs', () => {
  expect(stepsOf('plan')).toEqual(['node', 'packages']);
  expect(stepsOf(undefined)).toEqual(['node', 'packages']);
  expect(stepsOf('report')).toEqual(['node', 'packages', 'versitygw']);
  expect(stepsOf('start')).toContain('python');
  expect(stepsOf('start', ['--help'])).toEqual(['node', 'packages']);
});

test('DeepSpeed is installed where it is asked for, and what cannot be meant is refused', () => {
  expect([undefined, '', '1'].map(wantsDeepSpeed)).toEqual([false, false, true]);
  expect(() => wantsDeepSpeed('yes')).toThrow("NEEDLEWORK_DEEPSPEED: found 'yes'; allowed: 1, or nothing");
});

test('what DeepSpeed brings along comes on top of requirements.lock, with hashes', () => {
  const [trainer, deepspeed] = ['requirements', 'requirements-deepspeed'].map((name) => readFileSync(new URL(`../../../infra/trainer/${name}.lock`, import.meta.url), 'utf8'));
  const names = (lock) => [...lock.matchAll(/^([a-z0-9-]+)==\S+( ;.*)? \\\n {4}--hash=sha256:/gm)].map(([, name]) => name);
  expect(names(deepspeed)).toContain('deepspeed');
  expect(names(deepspeed).length).toBe([...deepspeed.matchAll(/==/g)].length);
  expect(names(deepspeed).filter((name) => names(trainer).includes(name))).toEqual([]);
});

test('what was found reaches other processes, without adding to PATH what is there', () => {
  const found = { node: { folder: '/cache/node' }, temporal: { folder: '/usr/bin', executable: '/usr/bin/temporal' } };
  expect(environment({ cache: '/cache', found, path: '/usr/bin:/bin' })).toEqual({
    PATH: '/cache/node:/usr/bin:/bin',
    NEEDLEWORK_CACHE: '/cache',
    NEEDLEWORK_TEMPORAL_CLI: '/usr/bin/temporal',
  });
});

test('export lines are safe for a shell', () => {
  const value = `it's $HOME \`here\``;
  expect(execFileSync('sh', ['-c', `${exportLines({ X: value })}\nprintf %s "$X"`], { encoding: 'utf8' })).toBe(value);
});

test('an installed tree is compared with its lock file', () => {
  const lock = { packages: { '': {}, 'node_modules/zod': { version: '4.6.7' }, 'node_modules/x-darwin': { version: '1.0.0', optional: true }, 'node_modules/listr2': { version: '11.4.0' } } };
  expect(lockDifferences(lock, { packages: { 'node_modules/zod': { version: '4.6.7' }, 'node_modules/listr2': { version: '11.4.0' } } })).toEqual([]);
  expect(lockDifferences(lock, { packages: { 'node_modules/zod': { version: '4.0.0' }, 'node_modules/y': { version: '1.0.0' } } })).toEqual([
    'zod is 4.0.0, not 4.6.7', 'listr2 11.4.0 is missing', 'y is not in the lock file',
  ]);
});

test('a Python is refused for what it lacks', () => {
  const fine = { version: '3.11.7', implementation: 'CPython', venv: true };
  expect(whyNot(fine)).toBeNull();
  expect(whyNot({ ...fine, version: '3.9.18' })).toBe('is 3.9.18');
  expect(whyNot({ ...fine, venv: false })).toMatch(/lacks the venv/);
  expect(whyNot({ ...fine, implementation: 'PyPy' })).toBe('is PyPy');
  expect(whyNot(null)).toBe('does not run');
});

test('of a log, the lines that say what went wrong are shown', () => {
  expect(tellingLines('fetching\nnpm error code EUSAGE\nnpm error missing x\nusage: a\nusage: b', 2)).toBe('npm error code EUSAGE\nnpm error missing x');
  expect(tellingLines('a\n\nb\rc', 2)).toBe('b\nc');
});
