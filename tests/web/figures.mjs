// Figures for the pages of the runs and of the ledger; made by formulas, so always the same.

export const metrics = Array.from({ length: 240 }, (_, i) => {
  const step = i + 1;
  const wave = Math.sin(step * 12.9898) * 0.5;
  return {
    step,
    tokens: step * 8192,
    loss: 1.6 + 3 * Math.exp(-step / 45) + wave * 0.12,
    val_loss: step % 20 === 0 ? 1.72 + 3 * Math.exp(-step / 45) : null,
    lr: 0.001,
    grad_norm: 0.8,
    tokens_per_second: 5200 + 300 * wave,
    expert_imbalance: 0.9 * Math.exp(-step / 30) + 0.08 + 0.02 * wave,
    cost_usd: step * 0.00021,
    seconds: step * 1.6,
  };
});

export function ledger(days) {
  const rows = [];
  for (let ago = 0; ago < Math.min(days, 40); ++ago) {
    const day = new Date(Date.now() - ago * 24 * 3600 * 1000).toISOString().slice(0, 10);
    for (const [i, model] of ['smollm2-135m', 'deepseek-r1-distill-qwen-1.5b'].entries()) {
      const size = (ago * 37 + i * 13) % 11;
      if (size === 0) continue;
      const [hit, miss, output] = [size * 5120, size * 3100, size * 2400];
      rows.push({
        day,
        model,
        key: ago % 3 === 0 ? 'laptop' : 'local',
        requests: size * 3,
        hit,
        miss,
        output,
        reasoning: Math.floor(output / 3),
        cost: (hit * 0.14 + miss * 0.55 + output * 2.19) / 1e6,
      });
    }
  }
  return rows;
}
