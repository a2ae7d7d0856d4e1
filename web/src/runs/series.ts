// From the lines of a run's metrics.jsonl to what is drawn.
import type { Key } from '../i18n/en';

export type Line = Record<string, unknown>;

interface ChartPlan {
  title: Key;
  unit?: Key;
  /** Names in metrics.jsonl, with what the legend calls them. */
  series: { name: string; label: Key }[];
}

const plans: ChartPlan[] = [
  {
    title: 'loss',
    unit: 'lossText',
    series: [
      { name: 'loss', label: 'training' },
      { name: 'val_loss', label: 'validation' },
    ],
  },
  {
    title: 'reward',
    series: [
      { name: 'reward', label: 'reward' },
      { name: 'accuracy', label: 'accuracy' },
    ],
  },
  { title: 'length', unit: 'lengthText', series: [{ name: 'length', label: 'length' }] },
  { title: 'balance', unit: 'balanceText', series: [{ name: 'expert_imbalance', label: 'balance' }] },
  { title: 'speed', unit: 'speedText', series: [{ name: 'tokens_per_second', label: 'speed' }] },
  { title: 'spent', unit: 'spentText', series: [{ name: 'cost_usd', label: 'spent' }] },
];

export type Values = (number | null)[];

export interface Chart {
  title: Key;
  unit?: Key;
  labels: Key[];
  /** Steps, then the values of each label; null where a step has none. */
  data: [number[], ...Values[]];
}

function valueOf(line: Line, name: string): number | null {
  const value = line[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The charts for which there are values. */
export function charts(lines: Line[]): Chart[] {
  const steps = lines.map((line, i) => valueOf(line, 'step') ?? i);
  const result: Chart[] = [];
  for (const { title, unit, series } of plans) {
    const known = series
      .map(({ name, label }) => ({ label, values: lines.map((line) => valueOf(line, name)) }))
      .filter(({ values }) => values.some((v) => v !== null));
    // Models without experts report a balance of nothing but zeros.
    if (known.length === 0 || (title === 'balance' && known[0]!.values.every((v) => !v))) continue;
    const chart: Chart = { title, labels: known.map((s) => s.label), data: [steps, ...known.map((s) => s.values)] };
    result.push(unit ? { ...chart, unit } : chart);
  }
  return result;
}

/** The newest value of a name that is not null. */
export function latest(lines: Line[], name: string): number | undefined {
  const line = lines.findLast((l) => typeof l[name] === 'number');
  return line?.[name] as number | undefined;
}
