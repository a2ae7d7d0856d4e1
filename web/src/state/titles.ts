// Has the model name a chat, once, after its first answer.
import { complete } from '../api/generation';
import { toApiMessages } from '../chat/prompt';
import { cleanTitle } from '../chat/title';
import { branch } from '../chat/tree';
import type { Chat } from '../chat/types';
import { chats } from './chats.svelte';
import { server } from './models.svelte';
import { settings } from './settings.svelte';

const wish =
  'Give our conversation a title of two to six words, in its language. Write the title alone, nothing else.';

// Smaller models write no titles.
const fewestParameters = 1e8;

export async function nameChat(chat: Chat): Promise<void> {
  const messages = branch(chat);
  if (chat.renamed || messages.length !== 2) return;
  const model = messages[1]!.model ?? '';
  const { parameters = Infinity } = server.models.find((m) => m.id === model) ?? {};
  if (parameters < fewestParameters) return;
  // The conversation comes first, as it was: the server still has it in its cache.
  const asked = [
    ...toApiMessages(messages.slice(0, 1), settings.system),
    { role: 'assistant' as const, content: messages[1]!.content },
    { role: 'user' as const, content: wish },
  ];
  try {
    const text = await complete({
      model,
      messages: asked,
      thinking: { type: 'disabled' },
      temperature: 0,
      max_tokens: 24,
    });
    const title = cleanTitle(text);
    if (!title || chat.renamed) return;
    chat.title = title;
    await chats.save(chat);
  } catch {
    // The question remains the title.
  }
}
