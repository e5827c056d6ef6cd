/** The sweep that is disturbed: small, and with a stage of every kind. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, type SeededRandom } from '#activities/random/seeded.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { type Asked, type Behaviour, TestEndpoint } from '../infra/llm/endpoint.ts';
import { musiqueJsonl } from '../support/musique-rows.ts';

const REPLY_MS = 1_500;
/** A try that hangs ends after this. */
const TIMEOUT_SECONDS = 5;

/** The spec, and the file that it names, in a folder. */
export function writeSweep(folder: string): SweepSpecInput {
  mkdirSync(folder, { recursive: true });
  const questions = join(folder, 'musique.jsonl');
  writeFileSync(questions, musiqueJsonl(48));
  return {
    name: 'chaos',
    tasks: [
      { task: 'mdqa', source: { kind: 'miniature' }, contextTokens: 512, examples: { total: 120, validationShare: 0.1, test: 40 } },
      { task: 'musique', source: { kind: 'musique', questions: [questions] }, contextTokens: 1024, examples: { total: 20, validationShare: 0.2, test: 3 } },
    ],
    models: [{ model: 'tiny', base: { kind: 'folder', path: 'examples/models/tiny-llama' }, ropeTheta: 80_000 }],
    conditions: ['real', 'low/low', 'symbolic'],
    // What an LLM writes is asked of one that misbehaves; MDQA in miniature is authored.
    leaveOut: [{ task: 'musique', condition: ['real', 'symbolic'] }, { stage: 'patch', task: 'musique' }],
    write: { provider: 'openai', lowFacts: 'A.3', concurrency: 3, timeoutSeconds: TIMEOUT_SECONDS, costCeilingDollars: 5 },
    train: { learningRate: 0.002, batchSize: 1, accumulationSteps: 4, epochs: 2, checkpointMinutes: 0.05 },
    evaluate: { maxNewTokens: 8 },
    mask: { k: [4], randomDraws: 2, randomExcludesLayers: [0], examples: 20 },
    patch: { examples: 20 },
  };
}

/** An endpoint that writes what prompt A.3 asks for, the same for the same prompt, and has storms. */
export class StormyEndpoint {
  readonly endpoint: TestEndpoint;
  /** Requests that a storm met. */
  met = 0;
  #storm: SeededRandom | null = null;

  private constructor(endpoint: TestEndpoint) {
    this.endpoint = endpoint;
    endpoint.behave = (asked) => this.#behave(asked);
  }

  static async start(): Promise<StormyEndpoint> {
    return new StormyEndpoint(await TestEndpoint.start());
  }

  get storming(): boolean {
    return this.#storm !== null;
  }

  begin(seed: number): void {
    this.#storm = seededRandom('storm', seed);
  }

  end(): void {
    this.#storm = null;
  }

  #behave({ prompt }: Asked): Behaviour {
    if (this.#storm !== null) {
      this.met += 1;
      const faults: Behaviour[] = [
        { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
        { kind: 'status', status: 429 },
        { kind: 'status', status: 500 },
        { kind: 'status', status: 503 },
        { kind: 'hang' },
        { kind: 'drop' },
        { kind: 'cut' },
      ];
      return faults[this.#storm.int(faults.length)]!;
    }
    const fact = /article\.\n(.*)\nPlease give/.exec(prompt)?.[1] ?? '';
    return { kind: 'reply', afterMs: REPLY_MS, text: `Title: A record\nText: It is written that ${fact.replaceAll(' >> ', ', as far as known, ')}.` };
  }
}
