// Chats in the server's database, those of this user.
import { ApiError, getJson, request } from '../api/client';
import type { Chat, ChatSummary } from '../chat/types';
import { contains, type ChatStore } from './store';

interface StoredChat extends ChatSummary {
  data: Pick<Chat, 'renamed' | 'messages' | 'leaf'>;
}

/** The server counts seconds. */
function inMilliseconds<T extends ChatSummary>(chat: T): T {
  return { ...chat, created: 1000 * chat.created, updated: 1000 * chat.updated };
}

export class ServerStore implements ChatStore {
  /** Whole chats that a search has read, by id and time of their last change. */
  private read = new Map<string, Chat>();

  async list(): Promise<ChatSummary[]> {
    return (await getJson<{ chats: ChatSummary[] }>('api/chats')).chats.map(inMilliseconds);
  }

  async load(id: string): Promise<Chat | undefined> {
    try {
      const { data, ...summary } = await getJson<StoredChat>(`api/chats/${encodeURIComponent(id)}`);
      return { ...inMilliseconds(summary as ChatSummary), ...data };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async save({ id, title, pinned, renamed, messages, leaf }: Chat): Promise<void> {
    const body = JSON.stringify({ title, pinned, data: { renamed: renamed ?? false, messages, leaf } });
    await request(`api/chats/${id}`, { method: 'PUT', body });
  }

  async remove(id: string): Promise<void> {
    await request(`api/chats/${id}`, { method: 'DELETE' });
  }

  async clear(): Promise<void> {
    await request('api/chats', { method: 'DELETE' });
  }

  async search(text: string): Promise<string[]> {
    const found: string[] = [];
    const read = new Map<string, Chat>();
    for (const { id, updated } of await this.list()) {
      const key = `${id} ${updated}`;
      const chat = this.read.get(key) ?? (await this.load(id));
      if (!chat) continue;
      read.set(key, chat);
      if (contains(chat, text)) found.push(id);
    }
    this.read = read;
    return found;
  }
}
