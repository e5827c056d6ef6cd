import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { digestFile, listFiles } from '#infra/artifacts/files.ts';
import { CHECKOUT } from './home.ts';

/** Folder that the trainer's image is built from. */
export const IMAGE_CONTEXT = join(CHECKOUT, 'infra', 'trainer');
export const CONTAINERFILE = join(IMAGE_CONTEXT, 'Containerfile');

/** What of the folder gets into the image, or decides how. */
const IN_IMAGE = /^(Containerfile|requirements(-deepspeed)?\.lock|needlework_trainer\/.+)$/;

/**
 * The name of the image that this checkout's trainer makes: its tag is a hash of all that goes into it, so that a worker never runs
 * an image that was built from other code.
 */
export async function trainerImage(folder = IMAGE_CONTEXT): Promise<string> {
  const hash = createHash('sha256');
  for (const name of listFiles(folder)) {
    if (IN_IMAGE.test(name) && !name.includes('__pycache__')) hash.update(`${name}\0${(await digestFile(join(folder, name))).sha256}\n`);
  }
  return `localhost/needlework-trainer:${hash.digest('hex').slice(0, 16)}`;
}
