import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this code runs from; relative paths of a spec start here. */
export const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

/** Files that a needlework on this machine keeps: databases, artifacts, credentials, logs, reports. */
export interface Home {
  folder: string;
  temporalDatabase: string;
  s3Folder: string;
  credentialsFile: string;
  /** Name of the workflow code that the sweeps of the embedded server run under. */
  codeFile: string;
  /** Where the running embedded stack is described, for a second terminal. */
  stackFile: string;
  scratchFolder: string;
  artifactCache: string;
  /** Local copies of the files of URLs that specs name. */
  downloadsFolder: string;
  /** Replies of LLMs on their way to the store, and local copies of those in it. */
  repliesFolder: string;
  logsFolder: string;
  reportsFolder: string;
}

/** Layout of the home folder: NEEDLEWORK_HOME, by default `.needlework` in the checkout. */
export function homeFrom(env: NodeJS.ProcessEnv): Home {
  const folder = resolve(env.NEEDLEWORK_HOME || join(CHECKOUT, '.needlework'));
  return {
    folder,
    temporalDatabase: join(folder, 'temporal.db'),
    s3Folder: join(folder, 's3'),
    credentialsFile: join(folder, 's3-credentials.json'),
    codeFile: join(folder, 'workflow-code'),
    stackFile: join(folder, 'stack.json'),
    scratchFolder: join(folder, 'scratch'),
    artifactCache: join(folder, 'artifact-cache'),
    downloadsFolder: join(folder, 'downloads'),
    repliesFolder: join(folder, 'replies'),
    logsFolder: join(folder, 'logs'),
    reportsFolder: join(folder, 'reports'),
  };
}
