// Asks the model and writes down what it says.
import { SvelteMap } from 'svelte/reactivity';
import { ApiError } from '../api/client';
import { cancel, follow, start, type CompletionRequest } from '../api/generation';
import { toApiMessages } from '../chat/prompt';
import { titleOf } from '../chat/title';
import { append, branch, find } from '../chat/tree';
import type { Attachment, Chat, Message } from '../chat/types';
import { access } from './access.svelte';
import { chats } from './chats.svelte';
import { chosenModel, loadStatus, server, thinkingIsPossible, wantedThinking } from './models.svelte';
import { Pen } from './pen';
import { settings } from './settings.svelte';
import { nameChat } from './titles';

const saveEvery = 1500; // milliseconds
const retries = 4;

/** Answers being written by this tab, by message. */
const running = new SvelteMap<string, AbortController>();
let leaving = false;
window.addEventListener('pagehide', () => (leaving = true));
window.addEventListener('pageshow', () => (leaving = false));

export function isRunning(message: Message): boolean {
  return running.has(message.id);
}

export function stop(message: Message): void {
  running.get(message.id)?.abort();
  if (message.generation) void cancel(message.generation);
}

/** The answer on the shown branch of `chat` that this tab writes, if any. */
export function runningAnswer(chat: Chat): Message | undefined {
  return branch(chat).find((m) => running.has(m.id));
}

export async function ask(chat: Chat, question: string, files: Attachment[]): Promise<void> {
  if (!chat.title) chat.title = titleOf(question) || files[0]?.name || '';
  await answer(chat, append(chat, { parent: chat.leaf, role: 'user', content: question, files }));
}

/** A new version of a question, with a new answer. */
export async function editQuestion(chat: Chat, message: Message, question: string): Promise<void> {
  const { parent, files } = message;
  await answer(chat, append(chat, { parent, role: 'user', content: question, files: files ?? [] }));
}

/** A new version of an answer. */
export async function regenerate(chat: Chat, message: Message): Promise<void> {
  const question = find(chat, message.parent);
  if (question) await answer(chat, question);
}

async function answer(chat: Chat, question: Message): Promise<void> {
  const model = chosenModel()?.id ?? '';
  const parent = question.id;
  await write(chat, append(chat, { parent, role: 'assistant', content: '', model, state: 'writing' }));
}

/** Goes on with an answer that was stopped or cut, from where it ends. */
export async function goOn(chat: Chat, message: Message): Promise<void> {
  message.state = 'writing';
  await write(chat, message);
}

/** Goes on with answers that a reload of the page broke off. */
export function resume(chat: Chat): void {
  for (const message of chat.messages) {
    if (message.state === 'writing' && !running.has(message.id)) void write(chat, message);
  }
}

/** Holds a lock while it writes, so that a second tab with the same chat does not write as well. */
async function write(chat: Chat, message: Message): Promise<void> {
  const controller = new AbortController();
  running.set(message.id, controller);
  try {
    // Browsers have locks on localhost and with TLS only.
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
  };
  const thinking = wantedThinking();
  if (thinkingIsPossible() && thinking !== undefined) request.thinking = { type: thinking ? 'enabled' : 'disabled' };
  if (settings.temperature !== null) request.temperature = settings.temperature;
  if (settings.topP !== null) request.top_p = settings.topP;
  if (settings.maxTokens !== null) request.max_tokens = settings.maxTokens;
  if (settings.seed !== null) request.seed = settings.seed;
  return request;
}

/** The stream of an answer: that which runs already, if the server still has it, or a new one. */
async function* stream(chat: Chat, message: Message, signal: AbortSignal): ReturnType<typeof start> {
  if (message.generation) {
    try {
      return yield* follow(message.generation, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      delete message.generation;
    }
  }
  // Half a thought cannot be gone on with; it begins again.
  if (!message.content) Object.assign(message, { reasoning: '', thinkingSeconds: 0 });
  yield* start(requestFor(chat, message), signal);
}

/** Reads the stream to its end, through breaks of the connection. */
async function readAll(chat: Chat, message: Message, pen: Pen, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; ; ++attempt) {
    try {
      for await (const [delta, generation] of stream(chat, message, signal)) {
        pen.add(delta, generation);
        if (generation.next === 1) {
          pen.draw();
          await chats.save(chat); // from now on a reload can take it up again
        }
      }
      return;
    } catch (error) {
      pen.draw();
      const lost = !(error instanceof ApiError) && !signal.aborted && !leaving;
      if (!lost || !message.generation || attempt === retries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  }
}

async function writeAlone(chat: Chat, message: Message, signal: AbortSignal): Promise<void> {
  const pen = new Pen(message, server.prices[message.model ?? '']);
  await chats.save(chat);
  const saver = setInterval(() => void chats.save(chat).catch(() => {}), saveEvery);
  try {
    await readAll(chat, message, pen, signal);
    message.state = pen.finish === 'length' ? 'length' : 'stop';
    message.error = '';
  } catch (error) {
    if (leaving) return;
    if (error instanceof ApiError && error.status === 401) access.needed = true;
    message.state = signal.aborted ? 'stopped' : 'error';
    message.error = error instanceof ApiError ? error.message : '';
  } finally {
    clearInterval(saver);
    pen.draw();
  }
  delete message.generation;
  await chats.save(chat);
  // What it can do is known now that it is loaded.
  if (!server.models.find((m) => m.id === message.model)?.loaded) await loadStatus();
  if (message.state === 'stop') await nameChat(chat);
}
