import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findEngine } from '#infra/launcher/engine.ts';
import { CONTAINERFILE, IMAGE_CONTEXT, trainerImage } from '../trainer-image.ts';

export interface ImageOptions {
  /** Base image instead of the Containerfile's. */
  base?: string;
  /** Python package index; PIP_INDEX_URL, or PyPI, where absent. */
  index?: string;
}

/** `needlework image`: builds the trainer's image of this checkout with Docker or Podman, and prints its name. `more` goes to the engine's `build`. */
export async function image(more: string[], { base, index = process.env.PIP_INDEX_URL }: ImageOptions): Promise<void> {
  const engine = await findEngine(process.env);
  const name = await trainerImage();
  const args = buildArguments(name, { ...(base && { base }), ...(index && { index }) }, more);
  // Its messages are for the person; standard output is for the name alone.
  const build = spawn(engine.program, args, { env: engine.env, stdio: ['ignore', 2, 2] });
  const [status] = (await once(build, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`${engine.program} could not build ${name} (exit status ${status}); what it says stands above`);
  console.log(name);
}

/** Arguments that make the engine build the image. Pure. */
export function buildArguments(name: string, { base, index }: ImageOptions, more: readonly string[]): string[] {
  return [
    'build', '--file', CONTAINERFILE, '--tag', name,
    ...(base ? ['--build-arg', `BASE_IMAGE=${base}`] : []),
    ...(index ? ['--build-arg', `PIP_INDEX_URL=${index}`] : []),
    ...more,
    IMAGE_CONTEXT,
  ];
}
