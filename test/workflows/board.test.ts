import { describe, expect, it } from 'vitest';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { boardMarkdown, newBoard, onCellFailed, onStageEvent, progressOf } from '#workflows/board.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { smallSpec } from '../support/spec.ts';

function board() {
  return newBoard(planSweep(parseSweepSpec(smallSpec()), { miniature: 'w', 'examples/models/tiny-llama': 'm' }));
}

describe('the board of a sweep', () => {
  it('starts with everything waiting and answers in the contract’s shape', () => {
    const progress = SweepProgress.parse(progressOf('s', board()));
    expect(progress.counts).toEqual({ waiting: 4, running: 0, done: 0, failed: 0 });
    expect(progress.stages).toEqual({ done: 0, total: 12, reused: 0, ran: 0 });
  });

  it('follows a cell from its first stage to its last', () => {
    const at = board();
    const cell = 'mdqa/tiny/real';
    const tell = (stage: 'dataset' | 'train' | 'evaluate' | 'score' | 'mask', summary = {}) => {
      onStageEvent(at, { cell, stage, state: 'running', reused: false, summary: {} });
      expect(progressOf('s', at).cells.find(({ id }) => id === cell)?.status).toBe('running');
      onStageEvent(at, { cell, stage, state: 'done', reused: stage === 'dataset', summary });
    };
    tell('dataset');
    tell('train');
    tell('evaluate', { f1: 0.5 });
    tell('score', { retrievalHeads: 7 });
    tell('mask');
    expect(progressOf('s', at).cells.find(({ id }) => id === cell)).toMatchObject({ status: 'done', stagesDone: 5, stagesReused: 1, f1: 0.5, retrievalHeads: 7 });
    expect(progressOf('s', at).stages).toMatchObject({ done: 5, reused: 1, ran: 4 });
    expect(boardMarkdown(at)).toContain('| mdqa | tiny | real | done | 5/5 | 0.50 | 7 |');
  });

  it('shows why a cell failed', () => {
    const at = board();
    onCellFailed(at, 'mdqa/tiny/symbolic', { stage: 'train', type: 'NaNLoss', message: 'loss is not a number' });
    expect(progressOf('s', at).counts.failed).toBe(1);
    expect(boardMarkdown(at)).toContain('failed at train');
  });
});
