import type { z } from 'zod';
import { ArtifactMissing } from '#infra/artifacts/errors.ts';
import type { Manifest } from '#infra/artifacts/manifest.ts';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { Example } from '#workflows/contracts/dataset.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageFacts } from '#workflows/contracts/report.ts';
import type { TestQuestion } from '../analysis/index.ts';
import { contentOf } from '../stage/content.ts';
import { linesOf } from './lines.ts';

/** A question of the test split without its prompt, which at 32K tokens is a thousand times as long. */
const Question = Example.transform(({ id, question, answers }): TestQuestion => ({ id, question, answers }));

type Store = Pick<ArtifactStore, 'findMany' | 'read'>;

/** The input artifacts of a report, by unit (`mdqa/tiny/real`) and role (`train`). */
export class InputArtifacts {
  readonly #store: Store;
  readonly #inputs: Recipe['inputs'];
  /** As they were when the report was begun, by key. */
  readonly #found: ReadonlyMap<string, Manifest>;
  readonly #read = new Map<string, Manifest>();
  readonly #questions = new Map<string, TestQuestion[]>();
  readonly #wasRead: (manifest: Manifest) => void;

  private constructor(store: Store, inputs: Recipe['inputs'], found: ReadonlyMap<string, Manifest>, wasRead: (manifest: Manifest) => void) {
    this.#store = store;
    this.#inputs = inputs;
    this.#found = found;
    this.#wasRead = wasRead;
  }

  /** Looks all inputs of a report's recipe up at once. `wasRead` is told of each that something is read of. Throws `ArtifactCorrupt`. */
  static async of(store: Store, { inputs }: Recipe, wasRead: (manifest: Manifest) => void = () => {}): Promise<InputArtifacts> {
    const refs = [...new Map(Object.values(inputs).map((ref) => [ref.key, ref])).values()];
    const found = await store.findMany(refs.map(({ stage, key }) => ({ kind: stage, key })));
    return new InputArtifacts(store, inputs, new Map(found.flatMap((one) => (one === null ? [] : [[one.manifest.key, one.manifest]]))), wasRead);
  }

  has(unit: string, role: string): boolean {
    return this.#inputs[`${unit}: ${role}`] !== undefined;
  }

  /** First unit that satisfies `which` and has an artifact in this role. */
  unitWith(which: (unit: string) => boolean, role: string): string | undefined {
    const suffix = `: ${role}`;
    return Object.keys(this.#inputs)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .find(which);
  }

  /** Throws `ArtifactMissing`. */
  manifest(unit: string, role: string): Manifest {
    const ref = this.#inputs[`${unit}: ${role}`];
    if (ref === undefined) throw new Error(`the report has no input "${unit}: ${role}"`);
    const manifest = this.#found.get(ref.key);
    if (manifest === undefined) throw new ArtifactMissing({ kind: ref.stage, key: ref.key });
    if (!this.#read.has(ref.key)) this.#wasRead(manifest);
    this.#read.set(ref.key, manifest);
    return manifest;
  }

  async json<T extends z.ZodType>(unit: string, role: string, name: string, schema: T): Promise<z.output<T>> {
    return parse(schema, JSON.parse((await this.bytes(unit, role, name)).toString('utf8')), `${name} of ${unit}: ${role}`);
  }

  async jsonl<T extends z.ZodType>(unit: string, role: string, name: string, schema: T): Promise<z.output<T>[]> {
    const bytes = await this.bytes(unit, role, name);
    return Array.from(linesOf(bytes), (line, index) => parse(schema, JSON.parse(line), `${name} of ${unit}: ${role}, line ${index + 1},`));
  }

  /** Those of a test split, which the settings of a task and model share, are read once. */
  async questions(unit: string): Promise<TestQuestion[]> {
    const { key } = this.manifest(unit, 'test');
    const known = this.#questions.get(key) ?? (await this.jsonl(unit, 'test', 'test.jsonl', Question));
    this.#questions.set(key, known);
    return known;
  }

  /** Facts on those stages of a unit that have an artifact. */
  facts(unit: string, roles: string[]): StageFacts[] {
    return roles.filter((candidate) => this.has(unit, candidate)).map((role) => {
      const manifest = this.manifest(unit, role);
      const { kind, key, measurements, summary } = manifest;
      const number = (name: string) => (typeof measurements[name] === 'number' ? (measurements[name] as number) : null);
      // Those of training are among its results: the same every time.
      const tokens = number('tokens') ?? (typeof summary.tokens === 'number' ? summary.tokens : null);
      return { stage: kind as StageFacts['stage'], key, content: contentOf(manifest), status: 'done', seconds: number('stageSeconds'), tokens: tokens === null ? null : Math.round(tokens), reused: null };
    });
  }

  /** Versions of all programs that made the artifacts read so far; several of one program are joined. */
  versions(): Record<string, string> {
    const all = new Map<string, Set<string>>();
    for (const { versions } of this.#read.values()) {
      for (const [name, version] of Object.entries(versions)) all.set(name, (all.get(name) ?? new Set()).add(version));
    }
    return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, found]) => [name, [...found].sort().join(', ')]));
  }

  async bytes(unit: string, role: string, name: string): Promise<Buffer> {
    return this.#store.read(this.manifest(unit, role), name);
  }
}
