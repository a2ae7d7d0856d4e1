// Chats as a file, and back. What comes back may be anybody's: it is checked field by field.
import { find, newId } from './tree';
import type { AnswerState, Attachment, Chat, Message, Usage } from './types';

const format = 'frugal-chats';

export function exportChats(chats: Chat[]): string {
  return JSON.stringify({ format, version: 1, chats }, null, 2);
}

type Fields = Record<string, unknown>;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function readUsage(value: unknown): Usage {
  const u = fields(value);
  return {
    prompt_tokens: count(u['prompt_tokens']),
    prompt_cache_hit_tokens: count(u['prompt_cache_hit_tokens']),
    prompt_cache_miss_tokens: count(u['prompt_cache_miss_tokens']),
    completion_tokens: count(u['completion_tokens']),
    completion_tokens_details: {
      reasoning_tokens: count(fields(u['completion_tokens_details'])['reasoning_tokens']),
    },
  };
}

function readMessage(m: Fields): Message {
  const role = m['role'] === 'assistant' ? 'assistant' : 'user';
  const message: Message = {
    id: text(m['id']),
    parent: typeof m['parent'] === 'string' ? m['parent'] : null,
    role,
    content: text(m['content']),
    created: count(m['created']),
  };
  if (role === 'user') {
    message.files = list(m['files']).map((f): Attachment => ({ name: text(f['name']), text: text(f['text']) }));
    return message;
  }
  const states: AnswerState[] = ['stop', 'length', 'stopped', 'error'];
  message.state = states.find((s) => s === m['state']) ?? 'stopped';
  message.model = text(m['model']);
  message.error = text(m['error']);
  message.reasoning = text(m['reasoning']);
  message.thinkingSeconds = count(m['thinkingSeconds']);
  if (m['usage']) message.usage = readUsage(m['usage']);
  if (typeof m['cost'] === 'number') message.cost = count(m['cost']);
  return message;
}

function readChat(c: Fields): Chat {
  const chat: Chat = {
    id: newId(), // beside a chat that is here already, never over it
    title: text(c['title']),
    pinned: c['pinned'] === true,
    renamed: c['renamed'] === true,
    created: count(c['created']),
    updated: count(c['updated']),
    messages: list(c['messages']).map(readMessage),
    leaf: null,
  };
  chat.leaf = (find(chat, text(c['leaf'])) ?? chat.messages.at(-1))?.id ?? null;
  return chat;
}

/** Throws when it is not a file of chats. */
export function importChats(file: string): Chat[] {
  const parsed = fields(JSON.parse(file));
  if (parsed['format'] !== format) throw new Error(`not ${format}`);
  return list(parsed['chats']).map(readChat);
}
