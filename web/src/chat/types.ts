// What a conversation is made of. These shapes are what is stored, exported and imported.

/** A file that the user gave, as text. */
export interface Attachment {
  name: string;
  text: string;
}

/** DeepSeek's `usage`, as far as the page shows it. */
export interface Usage {
  prompt_tokens: number;
  prompt_cache_hit_tokens?: number;
  prompt_cache_miss_tokens?: number;
  completion_tokens: number;
  completion_tokens_details?: { reasoning_tokens?: number };
}

/**
 * How an answer stands: being written, ended by the model (`stop`), by the token limit (`length`),
 * by the user (`stopped`), or broken off by an error.
 */
export type AnswerState = 'writing' | 'stop' | 'length' | 'stopped' | 'error';

export interface Message {
  id: string;
  /** The message that this one follows; null for the first. Siblings are versions. */
  parent: string | null;
  role: 'user' | 'assistant';
  content: string;
  created: number; // milliseconds since 1970
  files?: Attachment[];
  // Of answers only:
  model?: string;
  state?: AnswerState;
  error?: string;
  reasoning?: string;
  thinkingSeconds?: number;
  usage?: Usage;
  cost?: number; // dollars
  /** While it is written: where the server's stream stands, so that a reload takes it up again. */
  generation?: { id: string; next: number };
}

/** What the list of chats shows. */
export interface ChatSummary {
  id: string;
  title: string;
  pinned: boolean;
  created: number;
  updated: number;
}

export interface Chat extends ChatSummary {
  /** True once the user has chosen the title. */
  renamed?: boolean;
  /** In order of creation; a tree by `parent`. */
  messages: Message[];
  /** The last message of the branch that is shown. */
  leaf: string | null;
}
