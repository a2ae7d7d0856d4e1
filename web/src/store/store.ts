// Where chats are kept: on the server, per user, or only in this browser.
import type { Chat, ChatSummary } from '../chat/types';

export interface ChatStore {
  list(): Promise<ChatSummary[]>;
  /** Undefined when there is none. */
  load(id: string): Promise<Chat | undefined>;
  save(chat: Chat): Promise<void>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
  /** The chats in whose title or messages `text` occurs, letter case ignored. */
  search(text: string): Promise<string[]>;
}

export function summaryOf({ id, title, pinned, created, updated }: Chat): ChatSummary {
  return { id, title, pinned, created, updated };
}

export function contains(chat: Chat, text: string): boolean {
  const wanted = text.toLocaleLowerCase();
  return [chat.title, ...chat.messages.map((m) => m.content)].some((s) =>
    s.toLocaleLowerCase().includes(wanted),
  );
}
