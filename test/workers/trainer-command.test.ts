import { expect, it } from 'vitest';
import { trainerCommand } from '#workers/trainer-command.ts';

it('hands the trainer what it needs of our environment, and no credential', () => {
  const { command, env } = trainerCommand({
    NEEDLEWORK_PYTHON_ENV: '/env/bin/python',
    PATH: '/bin',
    NEEDLEWORK_TRAINER_THREADS: '2',
    AWS_ACCESS_KEY_ID: 'hidden',
    AWS_SECRET_ACCESS_KEY: 'hidden',
    TEMPORAL_API_KEY: 'hidden',
    OPENAI_API_KEY: 'hidden',
    HF_TOKEN: 'hidden',
  });
  expect(command).toEqual(['/env/bin/python', '-m', 'needlework_trainer']);
  expect(env).toMatchObject({ PATH: '/bin', NEEDLEWORK_TRAINER_THREADS: '2', HF_HUB_OFFLINE: '1' });
  expect(Object.values(env)).not.toContain('hidden');
});

it('says what is missing', () => {
  expect(() => trainerCommand({})).toThrow(/NEEDLEWORK_PYTHON_ENV: found nothing, allowed: the python of the trainer environment/);
});
