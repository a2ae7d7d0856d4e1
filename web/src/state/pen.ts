// Writes an answer down: gathers what arrives and shows it some twenty times a second.
import type { Delta, Generation } from '../api/generation';
import type { Message } from '../chat/types';
import { addUsage, costOf, type Prices } from '../chat/usage';

const drawEvery = 50; // milliseconds

export class Pen {
  finish = 'stop';
  private content = '';
  private reasoning = '';
  private generation: Generation | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private thinkingSince: number | undefined;

  constructor(
    private readonly message: Message,
    private readonly prices: Prices | undefined,
  ) {}

  add(delta: Delta, generation: Generation): void {
    this.content += delta.content ?? '';
    this.reasoning += delta.reasoning ?? '';
    this.generation = generation;
    if (delta.finish) this.finish = delta.finish;
    if (delta.usage) this.addUsage(delta.usage);
    this.timer ??= setTimeout(() => this.draw(), drawEvery);
  }

  /** Text and place in the stream change together, so that what is stored fits together. */
  draw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { message } = this;
    if (this.reasoning) {
      this.thinkingSince ??= Date.now() - 1000 * (message.thinkingSeconds ?? 0);
      message.reasoning = (message.reasoning ?? '') + this.reasoning;
    }
    if (this.thinkingSince !== undefined && (this.reasoning || !message.content)) {
      message.thinkingSeconds = (Date.now() - this.thinkingSince) / 1000;
    }
    message.content += this.content;
    if (this.generation) message.generation = this.generation;
    this.content = this.reasoning = '';
  }

  private addUsage(usage: NonNullable<Delta['usage']>): void {
    const { message, prices } = this;
    message.usage = message.usage ? addUsage(message.usage, usage) : usage;
    if (prices) message.cost = (message.cost ?? 0) + costOf(usage, prices);
  }
}
