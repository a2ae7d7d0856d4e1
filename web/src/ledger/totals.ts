// Sums over the rows of the ledger.

/** What one key asked of one model on one day. */
export interface Row {
  day: string; // 2026-01-31, UTC
  model: string;
  key: string;
  requests: number;
  hit: number; // tokens in, found in the cache
  miss: number;
  output: number;
  reasoning: number;
  cost: number; // dollars
}

export type Dimension = 'day' | 'key' | 'model';

export interface Total {
  name: string;
  requests: number;
  hit: number;
  miss: number;
  output: number;
  cost: number;
}

export function sum(name: string, rows: Row[]): Total {
  const total: Total = { name, requests: 0, hit: 0, miss: 0, output: 0, cost: 0 };
  for (const row of rows) {
    total.requests += row.requests;
    total.hit += row.hit;
    total.miss += row.miss;
    total.output += row.output;
    total.cost += row.cost;
  }
  return total;
}

/** Days newest first, keys and models by what they cost, then by their tokens. */
export function totals(rows: Row[], by: Dimension): Total[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row[by], [...(groups.get(row[by]) ?? []), row]);
  const result = Array.from(groups, ([name, group]) => sum(name, group));
  const tokens = (t: Total) => t.hit + t.miss + t.output;
  if (by === 'day') return result.sort((a, b) => b.name.localeCompare(a.name));
  return result.sort((a, b) => b.cost - a.cost || tokens(b) - tokens(a));
}

/** Every day of the last `count`, oldest first, those without requests too. */
export function everyDay(rows: Row[], count: number, now = Date.now()): Total[] {
  const known = new Map(totals(rows, 'day').map((t) => [t.name, t]));
  return Array.from({ length: count }, (_, i) => {
    const day = new Date(now - (count - 1 - i) * 24 * 3600 * 1000).toISOString().slice(0, 10);
    return known.get(day) ?? sum(day, []);
  });
}
