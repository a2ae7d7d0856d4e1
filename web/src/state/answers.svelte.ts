// Asks the model and writes down what it says.
import { SvelteMap } from 'svelte/reactivity';
import { ApiError } from '../api/client';
import { complete, type CompletionRequest, type Delta } from '../api/completion';
import { toApiMessages } from '../chat/prompt';
import { titleOf } from '../chat/title';
import { append, branch } from '../chat/tree';
import type { Attachment, Chat, Message } from '../chat/types';
import { chats } from './chats.svelte';
import { chosenModel } from './models.svelte';
import { settings } from './settings.svelte';
import { access } from './access.svelte';

const drawEvery = 50; // milliseconds
const saveEvery = 1500;

/** Answers being written by this tab, by message. */
const running = new SvelteMap<string, AbortController>();
let leaving = false;
window.addEventListener('pagehide', () => (leaving = true));

export function isRunning(message: Message): boolean {
  return running.has(message.id);
}

export function stop(message: Message): void {
  running.get(message.id)?.abort();
}

/** The answer of `chat` that this tab writes, if any. */
export function runningAnswer(chat: Chat): Message | undefined {
  return branch(chat).find((m) => running.has(m.id));
}

export async function ask(chat: Chat, question: string, files: Attachment[]): Promise<void> {
  if (!chat.title) chat.title = titleOf(question) || files[0]?.name || '';
  const message = append(chat, { parent: chat.leaf, role: 'user', content: question, files });
  await answer(chat, message);
}

/** A new version of a question, with a new answer. */
export async function editQuestion(chat: Chat, message: Message, question: string): Promise<void> {
  const { parent, files } = message;
  await answer(chat, append(chat, { parent, role: 'user', content: question, files }));
}

/** A new version of an answer. */
export async function regenerate(chat: Chat, message: Message): Promise<void> {
  const question = chat.messages.find((m) => m.id === message.parent);
  if (question) await answer(chat, question);
}

async function answer(chat: Chat, question: Message): Promise<void> {
  const model = chosenModel()?.id ?? '';
  const message = append(chat, {
    parent: question.id,
    role: 'assistant',
    content: '',
    model,
    state: 'writing',
  });
  await write(chat, message);
}

/** Goes on with an answer that was stopped or cut, from where it ends. */
export async function goOn(chat: Chat, message: Message): Promise<void> {
  message.state = 'writing';
  await write(chat, message);
}

/** Goes on with answers that a reload of the page broke off. */
export function resume(chat: Chat): void {
  const message = chat.messages.find((m) => m.state === 'writing' && !running.has(m.id));
  if (message) void write(chat, message);
}

/** Holds a lock while it writes, so that a second tab with the same chat does not write as well. */
async function write(chat: Chat, message: Message): Promise<void> {
  const controller = new AbortController();
  running.set(message.id, controller);
  try {
    if (!navigator.locks) return await writeAlone(chat, message, controller.signal);
    await navigator.locks.request(`frugal.${message.id}`, { ifAvailable: true }, async (lock) => {
      if (lock) await writeAlone(chat, message, controller.signal);
    });
  } finally {
    running.delete(message.id);
  }
}

function requestFor(chat: Chat, message: Message): CompletionRequest {
  const request: CompletionRequest = {
    model: message.model ?? '',
    messages: toApiMessages(branch(chat, message.id), settings.system),
    thinking: { type: settings.thinking ? 'enabled' : 'disabled' },
  };
  if (settings.temperature !== null) request.temperature = settings.temperature;
  if (settings.topP !== null) request.top_p = settings.topP;
  if (settings.maxTokens !== null) request.max_tokens = settings.maxTokens;
  if (settings.seed !== null) request.seed = settings.seed;
  return request;
}

/** Gathers what arrives and shows it some twenty times a second. */
class Pen {
  private content = '';
  private reasoning = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private thinkingSince: number | undefined;

  constructor(private readonly message: Message) {}

  add(delta: Delta): void {
    this.content += delta.content ?? '';
    this.reasoning += delta.reasoning ?? '';
    if (delta.usage) this.message.usage = delta.usage;
    this.timer ??= setTimeout(() => this.draw(), drawEvery);
  }

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
    this.content = this.reasoning = '';
  }
}

async function writeAlone(chat: Chat, message: Message, signal: AbortSignal): Promise<void> {
  const pen = new Pen(message);
  const save = () => chats.save(chat);
  let finish = 'stop';
  await save();
  const saver = setInterval(() => void save().catch(() => {}), saveEvery);
  try {
    for await (const delta of complete(requestFor(chat, message), signal)) {
      pen.add(delta);
      finish = delta.finish ?? finish;
    }
    message.state = finish === 'length' ? 'length' : 'stop';
    delete message.error;
  } catch (error) {
    if (leaving) return;
    if (error instanceof ApiError && error.status === 401) access.needed = true;
    message.state = signal.aborted ? 'stopped' : 'error';
    message.error = signal.aborted ? '' : (error as Error).message;
  } finally {
    clearInterval(saver);
    pen.draw();
  }
  await save();
}
