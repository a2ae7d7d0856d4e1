import { grouped } from '../../../web/src/chat/groups';
import { addUsage, costOf } from '../../../web/src/chat/usage';
import { everyDay, totals, type Row } from '../../../web/src/ledger/totals';
import { charts, latest } from '../../../web/src/runs/series';

describe('the cost of an answer', () => {
  const prices = { hit: 0.14, miss: 0.55, output: 2.19 };
  const usage = { prompt_tokens: 1000, prompt_cache_hit_tokens: 640, completion_tokens: 200 };

  it('counts hits, misses and output', () => {
    // By hand: 640 * 0.14 + 360 * 0.55 + 200 * 2.19 = 89.6 + 198 + 438 millionths.
    expect(costOf(usage, prices)).toBeCloseTo(725.6e-6, 12);
    expect(costOf({ prompt_tokens: 10, completion_tokens: 0 }, prices)).toBeCloseTo(5.5e-6, 12);
  });

  it('adds up over two goes', () => {
    const both = addUsage(usage, { ...usage, completion_tokens_details: { reasoning_tokens: 7 } });
    expect(both).toMatchObject({ prompt_tokens: 2000, prompt_cache_hit_tokens: 1280, completion_tokens: 400 });
    expect(both.completion_tokens_details?.reasoning_tokens).toBe(7);
  });
});

describe('the charts of a run', () => {
  it('draw what was measured and nothing else', () => {
    const lines = [
      { step: 10, loss: 2, val_loss: null, cost_usd: 0.1, expert_imbalance: 0 },
      { step: 20, loss: 1.5, val_loss: 1.7, cost_usd: 0.2, expert_imbalance: 0 },
      { step: 30, loss: 'NaN', val_loss: null, reward: 0.5, accuracy: 0.25 },
    ];
    const drawn = charts(lines);
    expect(drawn.map((c) => c.title)).toEqual(['loss', 'reward', 'spent']);
    expect(drawn[0]).toMatchObject({
      labels: ['training', 'validation'],
      data: [
        [10, 20, 30],
        [2, 1.5, null],
        [null, 1.7, null],
      ],
    });
    expect(drawn[1]!.labels).toEqual(['reward', 'accuracy']);
    expect(latest(lines, 'cost_usd')).toBe(0.2);
    expect(charts([])).toEqual([]);
  });
});

describe('the ledger', () => {
  const row = (day: string, model: string, cost: number): Row => ({
    day, model, key: 'local', requests: 1, hit: 2, miss: 3, output: 4, reasoning: 1, cost,
  });
  const rows = [row('2026-01-30', 'a', 1), row('2026-01-31', 'b', 2), row('2026-01-31', 'a', 4)];

  it('sums by day and by model', () => {
    expect(totals(rows, 'day').map((t) => [t.name, t.cost])).toEqual([['2026-01-31', 6], ['2026-01-30', 1]]);
    expect(totals(rows, 'model').map((t) => [t.name, t.cost, t.output])).toEqual([['a', 5, 8], ['b', 2, 4]]);
    expect(totals(rows, 'key')[0]).toMatchObject({ requests: 3, hit: 6, miss: 9 });
  });

  it('has a bar for every day', () => {
    const days = everyDay(rows, 3, Date.parse('2026-01-31T23:00:00Z'));
    expect(days.map((d) => [d.name, d.requests])).toEqual([['2026-01-29', 0], ['2026-01-30', 1], ['2026-01-31', 2]]);
  });
});

describe('the list of chats', () => {
  it('is grouped by age, pinned ones first', () => {
    const now = new Date(2026, 4, 20, 12).getTime();
    const chat = (id: string, daysAgo: number, pinned = false) => ({
      id, title: id, pinned, created: 0, updated: now - daysAgo * 24 * 3600 * 1000,
    });
    const groups = grouped([chat('a', 0), chat('b', 1), chat('c', 5), chat('d', 20), chat('e', 90), chat('f', 90, true), chat('g', 0.1)], now);
    expect(groups.map((g) => [g.name, g.chats.map((c) => c.id).join('')])).toEqual([
      ['pinned', 'f'],
      ['today', 'ag'],
      ['yesterday', 'b'],
      ['lastWeek', 'c'],
      ['lastMonth', 'd'],
      ['older', 'e'],
    ]);
  });
});
