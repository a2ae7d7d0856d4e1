// From a branch of the conversation to the `messages` of DeepSeek's API.
import type { Attachment, Message } from './types';

export interface ApiMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
  reasoning_content?: string;
  prefix?: boolean;
}

/** DeepSeek's published prompt for files. */
export function withFiles(question: string, files: Attachment[]): string {
  const parts = files.map(
    (f) => `[file name]: ${f.name}\n[file content begin]\n${f.text}\n[file content end]\n`,
  );
  return parts.join('') + question;
}

/**
 * The prompt for the answer that follows `branch`. Reasoning of earlier answers is left out, as
 * R1's template does. When the last message is an unfinished answer, it is sent as a prefix, which
 * the model goes on with.
 */
export function toApiMessages(branch: Message[], system: string): ApiMessage[] {
  const result: ApiMessage[] = [];
  if (system.trim()) result.push({ role: 'system', content: system });
  branch.forEach((m, i) => {
    const last = i === branch.length - 1;
    if (m.role === 'user') {
      result.push({ role: 'user', content: withFiles(m.content, m.files ?? []) });
    } else if (last) {
      if (!m.content && !m.reasoning) return;
      const prefix: ApiMessage = { role: 'assistant', content: m.content, prefix: true };
      if (m.reasoning) prefix.reasoning_content = m.reasoning;
      result.push(prefix);
    } else {
      result.push({ role: 'assistant', content: m.content });
    }
  });
  return result;
}
