// The list of chats in groups: pinned ones, then by age.
import type { ChatSummary } from './types';

export type GroupName = 'pinned' | 'today' | 'yesterday' | 'lastWeek' | 'lastMonth' | 'older';

export interface Group {
  name: GroupName;
  chats: ChatSummary[];
}

const day = 24 * 3600 * 1000;

function groupOf(chat: ChatSummary, now: number): GroupName {
  if (chat.pinned) return 'pinned';
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (chat.updated >= midnight) return 'today';
  if (chat.updated >= midnight - day) return 'yesterday';
  if (chat.updated >= midnight - 7 * day) return 'lastWeek';
  return chat.updated >= midnight - 30 * day ? 'lastMonth' : 'older';
}

/** Newest first; groups without chats are left out. */
export function grouped(chats: ChatSummary[], now = Date.now()): Group[] {
  const names: GroupName[] = ['pinned', 'today', 'yesterday', 'lastWeek', 'lastMonth', 'older'];
  const sorted = chats.toSorted((a, b) => b.updated - a.updated);
  return names
    .map((name) => ({ name, chats: sorted.filter((c) => groupOf(c, now) === name) }))
    .filter((g) => g.chats.length > 0);
}
