import { join } from 'node:path';
import type { JobProcessOptions } from '#infra/launcher/job-process.ts';
import { CHECKOUT } from './home.ts';

/** Variables of our own environment that the trainer may see. Credentials are not among them. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'CUDA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH', 'NEEDLEWORK_TRAINER_THREADS'];

/** How the trainer is started as a local process: offline, with only the environment it needs. */
export function trainerCommand(env: NodeJS.ProcessEnv): Pick<JobProcessOptions, 'command' | 'env'> {
  const python = env.NEEDLEWORK_PYTHON_ENV;
  if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV: found nothing, allowed: the python of the trainer environment (npm start and npx needlework set it)');
  const passedOn = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return {
    command: [python, '-m', 'needlework_trainer'],
    env: {
      ...passedOn,
      PYTHONPATH: join(CHECKOUT, 'infra', 'trainer'),
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      HF_HUB_OFFLINE: '1',
      TRANSFORMERS_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
    },
  };
}
