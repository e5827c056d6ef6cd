import { describe, expect, it } from 'vitest';
import { NewsDesk } from '#activities/stage/news.ts';
import { Pace } from '#activities/stage/pace.ts';
import { StageAdvance } from '#workflows/contracts/progress.ts';

const START = Date.UTC(2026, 0, 2, 14, 0, 0);

/** A clock that is set by hand. */
function clock() {
  let now = START;
  return { now: () => now, pass: (seconds: number) => (now += seconds * 1000) };
}

const train = (done: number, loss?: number) => ({ phase: 'train', done, total: 400, unit: 'steps', ...(loss !== undefined && { metrics: { loss } }) });

describe('the pace of a stage', () => {
  it('says how much is done and when it will be over, once that is known', () => {
    const { now, pass } = clock();
    const pace = new Pace(now);
    expect(StageAdvance.parse(pace.advance(train(0)))).toMatchObject({ percent: 0, endsAbout: null });
    pass(2);
    expect(pace.advance(train(100)).endsAbout, 'too early to tell').toBeNull();
    pass(98);
    expect(pace.advance(train(100))).toMatchObject({ percent: 25, endsAbout: new Date(START + 400_000).toISOString() });
  });

  it('counts from where a phase began, which may not be its start', () => {
    const { now, pass } = clock();
    const pace = new Pace(now);
    pace.advance({ phase: 'loading', done: 0, total: 1, unit: '' });
    pass(60);
    // From a checkpoint.
    pace.advance(train(200));
    pass(10);
    expect(pace.advance(train(300)).endsAbout).toBe(new Date(START + 80_000).toISOString());
  });

  it('has no share of what is one whole', () => {
    expect(new Pace(clock().now).advance({ phase: 'loading', done: 0, total: 1, unit: '' }).percent).toBeNull();
  });

  it('keeps the last lines of the log, each loss once', () => {
    const { now, pass } = clock();
    const pace = new Pace(now);
    pace.log('goes on after step 200 of 400');
    pace.advance(train(201, 0.5));
    pace.advance(train(201, 0.5));
    pass(61);
    expect(pace.advance(train(202, 0.4126)).log).toEqual(['14:00:00 goes on after step 200 of 400', '14:00:00 train: 400 steps', '14:00:00 step 201: loss 0.500', '14:01:01 step 202: loss 0.413']);
    for (let step = 203; step < 300; step += 1) pace.advance(train(step, step));
    expect(pace.advance(train(300, 1)).log).toHaveLength(8);
  });
});

describe('the news of a stage', () => {
  it('are few: the first soon, then so many seconds and a tenth of the work lie between two, whatever the pace', () => {
    const { now, pass } = clock();
    const told: number[] = [];
    const desk = new NewsDesk(({ done }) => told.push(done), 30, now);
    const pace = new Pace(now);
    for (let step = 1; step <= 400; step += 1) {
      pass(2);
      desk.offer(pace.advance(train(step)));
    }
    expect(told).toEqual([1, 41, 81, 121, 161, 201, 241, 281, 321, 361]);
  });

  it('tell the first loss, however much is left', () => {
    const { now, pass } = clock();
    const told: number[] = [];
    const desk = new NewsDesk(({ done }) => told.push(done), 30, now);
    const pace = new Pace(now);
    for (const step of [0, 1, 2, 3]) {
      pass(31);
      desk.offer(pace.advance(train(step, step === 0 ? undefined : 2.5)));
    }
    expect(told).toEqual([0, 1]);
  });

  it('are no more where the loss comes and goes', () => {
    const { now, pass } = clock();
    const told: number[] = [];
    const desk = new NewsDesk(({ done }) => told.push(done), 30, now);
    const pace = new Pace(now);
    for (const step of [1, 2, 3, 4, 5]) {
      pass(31);
      desk.offer(pace.advance(train(step, step % 2 === 1 ? 2.5 : undefined)));
    }
    expect(told).toEqual([1]);
  });

  it('are none of work that is over soon', () => {
    const { now, pass } = clock();
    const desk = new NewsDesk(() => expect.unreachable(), 30, now);
    for (let step = 0; step < 7; step += 1) {
      pass(0.2);
      desk.offer(new Pace(now).advance(train(step)));
    }
  });

  it('tell of a new phase', () => {
    const { now, pass } = clock();
    const told: string[] = [];
    const desk = new NewsDesk(({ phase }) => told.push(phase), 30, now);
    pass(31);
    desk.offer(new Pace(now).advance({ phase: 'loading', done: 0, total: 1, unit: '' }));
    pass(31);
    desk.offer(new Pace(now).advance(train(0)));
    expect(told).toEqual(['loading', 'train']);
  });
});
