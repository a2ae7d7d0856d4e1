// The chats that the page knows: summaries of all, and whole those that are open.
import { newChat } from '../chat/tree';
import type { Chat, ChatSummary } from '../chat/types';
import { BrowserStore } from '../store/browser_store';
import { ServerStore } from '../store/server_store';
import { summaryOf, type ChatStore } from '../store/store';
import { settings } from './settings.svelte';

const stores = { server: new ServerStore(), browser: new BrowserStore() };

class Chats {
  list: ChatSummary[] = $state([]);
  /** Whole chats by id; one object each, which all parts of the page share. */
  private open = new Map<string, Chat>();
  /** The last save of each chat, so that an older state never lands on a newer one. */
  private saving = new Map<string, Promise<void>>();

  get store(): ChatStore {
    return stores[settings.keep];
  }

  async refresh(): Promise<void> {
    this.list = await this.store.list();
  }

  /** Forgets everything, after a change of the place where chats are kept. */
  async reset(): Promise<void> {
    this.open.clear();
    this.list = [];
    await this.refresh();
  }

  /** A chat that is not stored before its first message. */
  create(): Chat {
    const chat: Chat = $state(newChat());
    return chat;
  }

  async load(id: string): Promise<Chat | undefined> {
    const known = this.open.get(id);
    if (known) return known;
    const stored = await this.store.load(id);
    if (!stored) return undefined;
    const chat: Chat = $state(stored);
    this.open.set(id, chat);
    return chat;
  }

  async save(chat: Chat): Promise<void> {
    this.open.set(chat.id, chat);
    this.updateSummary(chat);
    const { store } = this;
    const before = this.saving.get(chat.id) ?? Promise.resolve();
    const now = before.catch(() => {}).then(() => store.save($state.snapshot(chat) as Chat));
    this.saving.set(chat.id, now);
    await now;
  }

  async change(id: string, change: (chat: Chat) => void): Promise<void> {
    const chat = await this.load(id);
    if (!chat) return;
    change(chat);
    await this.save(chat);
  }

  async add(added: Chat[]): Promise<void> {
    for (const chat of added) await this.store.save(chat);
    await this.refresh();
  }

  async all(): Promise<Chat[]> {
    const whole: Chat[] = [];
    for (const { id } of this.list) {
      const chat = await this.load(id);
      if (chat) whole.push($state.snapshot(chat) as Chat);
    }
    return whole;
  }

  async remove(id: string): Promise<void> {
    this.open.delete(id);
    this.list = this.list.filter((c) => c.id !== id);
    await this.store.remove(id);
  }

  async clear(): Promise<void> {
    await this.store.clear();
    await this.reset();
  }

  private updateSummary(chat: Chat): void {
    const at = this.list.findIndex((c) => c.id === chat.id);
    if (at === -1) this.list.push(summaryOf(chat));
    else this.list[at] = summaryOf(chat);
  }
}

export const chats = new Chats();
