// Tokens and what they cost.
import type { Usage } from './types';

/** Dollars a million tokens. */
export interface Prices {
  hit: number;
  miss: number;
  output: number;
}

export function costOf(usage: Usage, prices: Prices): number {
  const hit = usage.prompt_cache_hit_tokens ?? 0;
  const miss = usage.prompt_cache_miss_tokens ?? usage.prompt_tokens - hit;
  return (hit * prices.hit + miss * prices.miss + usage.completion_tokens * prices.output) / 1e6;
}

/** The usage of an answer that was written in two goes. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum = (x = 0, y = 0) => x + y;
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    prompt_cache_hit_tokens: sum(a.prompt_cache_hit_tokens, b.prompt_cache_hit_tokens),
    prompt_cache_miss_tokens: sum(a.prompt_cache_miss_tokens, b.prompt_cache_miss_tokens),
    completion_tokens: a.completion_tokens + b.completion_tokens,
    completion_tokens_details: {
      reasoning_tokens: sum(
        a.completion_tokens_details?.reasoning_tokens,
        b.completion_tokens_details?.reasoning_tokens,
      ),
    },
  };
}
