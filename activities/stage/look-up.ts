import { type ArtifactAddress, ArtifactCorrupt } from '#infra/artifacts/errors.ts';
import type { ArtifactStore, FoundArtifact } from '#infra/artifacts/store.ts';
import type { ArtifactKey, ArtifactRef } from '#workflows/contracts/artifacts.ts';
import type { Sought } from '#workflows/contracts/requests.ts';
import { contentOf } from './content.ts';

/** What there is of a stage. */
export type Found =
  | { state: 'missing' }
  | ({ state: 'finished' } & FoundArtifact)
  /** It is there, but was not made under the label that a spec forces it with. */
  | ({ state: 'forced' } & FoundArtifact)
  /** It is there, but the artifacts of these kinds that it was made from were made anew since, with other contents. */
  | ({ state: 'outdated'; inputs: string[] } & FoundArtifact);

type Store = Pick<ArtifactStore, 'findVersion' | 'findMany'>;

type OnCorrupt = (error: ArtifactCorrupt) => Promise<void>;

const thrown: OnCorrupt = (error) => Promise.reject(error);

/** Looks stages up in the store, each manifest once: what it answers is as of its first request. */
export class LookUp {
  readonly #store: Store;
  readonly #read = new Map<string, Promise<FoundArtifact | null>>();
  readonly #onCorrupt: OnCorrupt;

  /** What is to become of an artifact whose manifest cannot be read is for `onCorrupt` to say, which as a rule throws it; else it counts as missing. */
  constructor(store: Store, onCorrupt: OnCorrupt = thrown) {
    this.#store = store;
    this.#onCorrupt = onCorrupt;
  }

  /** Reads of many stages at once what `of` asks for. */
  async load(refs: readonly ArtifactRef[]): Promise<void> {
    const found = await this.#findMany(refs.map(({ stage, key }) => ({ kind: stage, key })));
    for (const [at, { stage, key }] of refs.entries()) this.#read.set(`${stage}/${key}`, Promise.resolve(found[at] ?? null));
  }

  /** `force`: the label under which it must have been made, where someone wants it made anew. */
  async of({ stage, key }: ArtifactRef, force?: string): Promise<Found> {
    const found = await this.#find({ kind: stage, key });
    if (found === null) return { state: 'missing' };
    const { forced = [], madeFrom = [] } = found.manifest;
    if (force !== undefined && !forced.includes(force)) return { state: 'forced', ...found };
    const now = await Promise.all(madeFrom.map(({ kind, key: input }) => this.#find({ kind, key: input })));
    const inputs = madeFrom.flatMap(({ kind, content }, at) => {
      const input = now[at];
      // One that is gone says nothing: it may come back as it was.
      return input && contentOf(input.manifest) !== content ? [kind] : [];
    });
    return inputs.length === 0 ? { state: 'finished', ...found } : { state: 'outdated', inputs, ...found };
  }

  #find(address: ArtifactAddress): Promise<FoundArtifact | null> {
    const name = `${address.kind}/${address.key}`;
    const running = this.#read.get(name) ?? this.#store.findVersion(address).catch((error: unknown) => this.#missing(error));
    this.#read.set(name, running);
    return running;
  }

  async #findMany(addresses: readonly ArtifactAddress[]): Promise<(FoundArtifact | null)[]> {
    for (;;) {
      try {
        return await this.#store.findMany(addresses);
      } catch (error) {
        // One less each time.
        await this.#missing(error);
      }
    }
  }

  async #missing(error: unknown): Promise<null> {
    if (!(error instanceof ArtifactCorrupt)) throw error;
    await this.#onCorrupt(error);
    return null;
  }
}

/** What there is of each of these stages, by key; read of all at once. */
export async function lookUpAll(store: Store, sought: readonly Sought[], onCorrupt?: OnCorrupt): Promise<Map<ArtifactKey, Found>> {
  const lookUp = new LookUp(store, onCorrupt);
  await lookUp.load(sought);
  return new Map(await Promise.all(sought.map(async ({ force, ...ref }) => [ref.key, await lookUp.of(ref, force)] as const)));
}
