// A conversation is a tree: editing a question or asking again adds a sibling, a new version. One
// branch is shown, the one that ends at `leaf`.
import type { Chat, Message } from './types';

export function newId(): string {
  // crypto.randomUUID is missing on pages served without TLS from another host.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export function newChat(now = Date.now()): Chat {
  const id = newId();
  return { id, title: '', pinned: false, created: now, updated: now, messages: [], leaf: null };
}

export function find(chat: Chat, id: string | null): Message | undefined {
  return id === null ? undefined : chat.messages.find((m) => m.id === id);
}

/** The messages from the first to `end`, by default those of the branch that is shown. */
export function branch(chat: Chat, end: string | null = chat.leaf): Message[] {
  const byId = new Map(chat.messages.map((m) => [m.id, m]));
  const result: Message[] = [];
  // A file from elsewhere may hold a circle; no branch is longer than all messages.
  for (let m = byId.get(end ?? ''); m && result.length < byId.size; m = byId.get(m.parent ?? '')) {
    result.push(m);
  }
  return result.reverse();
}

/** All messages that follow the same one, oldest first. */
export function versions(chat: Chat, message: Message): Message[] {
  return chat.messages.filter((m) => m.parent === message.parent);
}

/** Adds a message and shows the branch that ends with it. Gives the stored one. */
export function append(chat: Chat, message: Omit<Message, 'id' | 'created'>): Message {
  chat.messages.push({ ...message, id: newId(), created: Date.now() });
  const stored = chat.messages[chat.messages.length - 1]!;
  chat.leaf = stored.id;
  chat.updated = stored.created;
  return stored;
}

/** Shows the branch through `id`, on to its newest end. */
export function select(chat: Chat, id: string): void {
  let leaf = id;
  for (let steps = 0; steps < chat.messages.length; ++steps) {
    const next = chat.messages.findLast((m) => m.parent === leaf);
    if (!next) break;
    leaf = next.id;
  }
  chat.leaf = leaf;
}
