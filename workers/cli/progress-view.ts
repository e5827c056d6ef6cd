/** Live progress of a sweep in the terminal: one line per cell, with its stage and how far that is. */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { Listr, type ListrTaskWrapper } from 'listr2';
import { z } from 'zod';
import { stageText } from '#workflows/advance-text.ts';
import { type CellProgress, SweepProgress } from '#workflows/contracts/progress.ts';
import { cellLabel } from '#workflows/ids.ts';

const POLL_MS = 700;

/** PENDING_ACTIVITY_STATE_SCHEDULED of the Temporal API: no worker has taken it yet, or it waits for its next attempt. */
const SCHEDULED = 1;

/** What a stage's heartbeat says to people (activities/stage/heartbeat.ts). */
const Heartbeat = z.object({ text: z.string(), failures: z.object({ turnedDown: z.int().default(0) }).optional() });

// Listr's wrapper has type parameters for its renderers, which do not matter here.
type Wrapper = ListrTaskWrapper<any, any, any>;

/** Shows the sweep until `finished` settles, and `trouble` where there is any. Never rejects: how the sweep ended is told by its result. */
export async function watchSweep(client: Client, workflowId: string, finished: Promise<unknown>, trouble: () => string | null = () => null): Promise<void> {
  const state: { progress: SweepProgress | null; ended: boolean; final: boolean } = { progress: null, ended: false, final: false };
  const end = () => {
    state.ended = true;
  };
  const ended = finished.then(end, end);
  const poll = async () => {
    while (!state.final) {
      // Only what is read after the end is final: cells may have ended since the read before.
      const final = state.ended;
      state.progress = (await readProgress(client, workflowId)) ?? state.progress;
      state.final = final;
      if (!final) await Promise.race([ended, pause()]);
    }
  };
  const polling = poll();
  while (!state.final && (state.progress?.cells.length ?? 0) === 0) await pause();
  const cells = state.progress?.cells ?? [];
  const tty = process.stdout.isTTY === true;
  const list = new Listr(
    cells.map(({ id, ...cell }) => ({
      title: cellLabel(cell),
      task: (_: unknown, wrapper: Wrapper) => watchCell(client, workflowId, id, () => state.progress, () => state.final, trouble, wrapper, tty),
      rendererOptions: { persistentOutput: false, outputBar: 1 },
    })),
    { concurrent: true, exitOnError: false, fallbackRenderer: 'simple', rendererOptions: { collapseErrors: false }, registerSignalListeners: false },
  );
  await list.run().catch(() => {});
  await polling;
}

async function watchCell(client: Client, workflowId: string, id: string, progress: () => SweepProgress | null, final: () => boolean, trouble: () => string | null, wrapper: Wrapper, tty: boolean): Promise<void> {
  const title = wrapper.title as string;
  let shown = '';
  while (true) {
    const last = final();
    const cell = progress()?.cells.find((candidate) => candidate.id === id);
    if (cell?.status === 'done') {
      wrapper.title = `${title}  ${doneText(cell)}`;
      return;
    }
    if (cell?.status === 'failed' || cell?.status === 'skipped') throw new Error(cell.failures.map(({ message }) => message).join('; ') || cell.status);
    if (last) {
      wrapper.skip(`${title}: not finished`);
      return;
    }
    const text = cell === undefined ? 'waiting' : cell.status === 'blocked' ? blockedText(workflowId, cell) : await runningText(client, cell, tty);
    // Where lines only follow each other, each must say which cell it is about.
    // On a terminal that is drawn over and over, what others print comes at the end only.
    const now = tty ? [trouble() ?? [], text].flat().join('; ') : text;
    if (now !== shown) wrapper.output = tty ? now : `${title}: ${now}`;
    shown = now;
    await pause();
  }
}

function doneText({ f1, retrievalHeads, stagesReused, stagesTotal }: CellProgress): string {
  const facts = [
    ...(f1 === null ? [] : [`F1 ${f1.toFixed(2)}`]),
    ...(retrievalHeads === null ? [] : [`${retrievalHeads} retrieval heads`]),
    ...(stagesReused === 0 ? [] : [`${stagesReused} of ${stagesTotal} stages reused`]),
  ];
  return facts.join(', ');
}

/** Why a cell waits for a person, and the command that has it tried again. */
function blockedText(workflowId: string, { failures }: CellProgress): string {
  const causes = failures.map(({ message, remedy }) => `${message}. What to do: ${remedy}`).join('; ');
  return `blocked: ${causes} (temporal workflow update execute --workflow-id ${workflowId} --name retry; or skip, or finish)`;
}

/** `train 312/400 steps (78 %), loss 0.41 (stage 2 of 5)`; details that change all the time are for terminals only. */
async function runningText(client: Client, cell: CellProgress, tty: boolean): Promise<string> {
  if (cell.status === 'waiting' || cell.stage === null) return 'waiting for what it shares with other cells';
  const place = `stage ${Math.min(cell.stagesDone + 1, cell.stagesTotal)} of ${cell.stagesTotal}`;
  const details = tty && cell.workflowId !== null ? await heartbeatText(client, cell.workflowId) : null;
  return `${details ?? stageText(cell.stage, cell.running[cell.stage] ?? null)} (${place})`;
}

async function heartbeatText(client: Client, workflowId: string): Promise<string | null> {
  const description = await client.workflow.getHandle(workflowId).describe().catch(() => null);
  const texts = (description?.raw.pendingActivities ?? []).flatMap((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    const parsed = payload ? Heartbeat.safeParse(defaultPayloadConverter.fromPayload(payload)) : null;
    // A job that was turned down was not begun.
    const attempt = (activity.attempt ?? 1) - (parsed?.data?.failures?.turnedDown ?? 0);
    const again = attempt > 1 ? `, attempt ${attempt}` : '';
    if (activity.state === SCHEDULED) return [`${activity.activityType?.name}: waiting for a worker${again}`];
    if (!parsed?.success) return [`${activity.activityType?.name}${again}`];
    return [parsed.data.text];
  });
  return texts.length === 0 ? null : texts.join('; ');
}

async function readProgress(client: Client, workflowId: string): Promise<SweepProgress | null> {
  const answer = await client.workflow.getHandle(workflowId).query('progress').catch(() => null);
  const parsed = SweepProgress.safeParse(answer);
  return parsed.success ? parsed.data : null;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
