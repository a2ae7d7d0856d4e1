// An answer that is written piece by piece, whether anybody reads or not, as the server's are.
import { answerTo, reasoningFor } from './answers.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Some tokens are half a word, so that tags and formulas arrive in pieces. */
function pieces(text) {
  return text.match(/\s*\S{1,4}|\s+$/g) ?? [];
}

function usageOf(messages, steps) {
  const prompt = messages.reduce((sum, m) => sum + pieces(m.content).length, 0);
  const hit = 64 * Math.floor(prompt / 128);
  return {
    prompt_tokens: prompt,
    prompt_cache_hit_tokens: hit,
    prompt_cache_miss_tokens: prompt - hit,
    completion_tokens: steps.length,
    total_tokens: prompt + steps.length,
    completion_tokens_details: { reasoning_tokens: steps.filter((s) => s.reasoning_content).length },
  };
}

export class Generation {
  events = [];
  done = false;
  stopped = false;
  cut = false; // whoever reads is cut off

  /** `held`: a promise that the answer waits for, once the reasoning is over. */
  constructor(id, request, held) {
    this.id = id;
    this.held = held;
    this.events.push(JSON.stringify({ generation: id }));
    void this.write(request);
  }

  async write({ messages, thinking, model, max_tokens: limit = Infinity }) {
    const question = messages.findLast((m) => m.role === 'user').content;
    const prefix = messages.at(-1).prefix ? messages.at(-1).content : '';
    const { text, delay } = answerTo(question);
    const reasoning = thinking?.type === 'enabled' && !prefix ? reasoningFor(question) : '';
    const rest = text.startsWith(prefix) ? text.slice(prefix.length) : text;
    const steps = [
      ...pieces(reasoning).map((piece) => ({ reasoning_content: piece })),
      ...pieces(rest).map((piece) => ({ content: piece })),
    ];
    const kept = steps.slice(0, limit);

    const chunk = (fields) => this.events.push(JSON.stringify({ object: 'chat.completion.chunk', model, ...fields }));
    const delta = (fields, finish = null) => chunk({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });
    delta({ role: 'assistant', content: '' });
    for (const step of kept) {
      if (this.stopped) break;
      if (step.content) await this.held;
      delta(step);
      await pause(delay);
    }
    delta({}, kept.length < steps.length ? 'length' : 'stop');
    chunk({ choices: [], usage: usageOf(messages, kept) });
    this.events.push('[DONE]');
    this.done = true;
  }

  /** Sends the events from number `from` on until the end, or until the client is gone. */
  async stream(response, from) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': keep-alive\n\n');
    let at = from;
    while (!response.destroyed) {
      if (this.cut) return response.destroy();
      for (; at < this.events.length; ++at) response.write(`id: ${at}\ndata: ${this.events[at]}\n\n`);
      if (this.done) return response.end();
      await pause(2);
    }
  }
}
