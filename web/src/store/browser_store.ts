// Chats in IndexedDB.
import type { Chat, ChatSummary } from '../chat/types';
import { contains, summaryOf, type ChatStore } from './store';

function promised<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class BrowserStore implements ChatStore {
  private opened: Promise<IDBDatabase> | undefined;

  private database(): Promise<IDBDatabase> {
    this.opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open('frugal', 1);
      request.onupgradeneeded = () => request.result.createObjectStore('chats', { keyPath: 'id' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.opened;
  }

  private async chats(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.database()).transaction('chats', mode).objectStore('chats');
  }

  private async all(): Promise<Chat[]> {
    return promised((await this.chats('readonly')).getAll());
  }

  async list(): Promise<ChatSummary[]> {
    return (await this.all()).map(summaryOf);
  }

  async load(id: string): Promise<Chat | undefined> {
    return promised((await this.chats('readonly')).get(id));
  }

  async save(chat: Chat): Promise<void> {
    await promised((await this.chats('readwrite')).put(chat));
  }

  async remove(id: string): Promise<void> {
    await promised((await this.chats('readwrite')).delete(id));
  }

  async clear(): Promise<void> {
    await promised((await this.chats('readwrite')).clear());
  }

  async search(text: string): Promise<string[]> {
    return (await this.all()).filter((chat) => contains(chat, text)).map((chat) => chat.id);
  }
}
