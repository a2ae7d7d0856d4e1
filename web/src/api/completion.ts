// DeepSeek's /chat/completions as a stream.
import type { ApiMessage } from '../chat/prompt';
import type { Usage } from '../chat/types';
import { ApiError, request } from './client';
import { sseData } from './sse';

export interface CompletionRequest {
  model: string;
  messages: ApiMessage[];
  thinking?: { type: 'enabled' | 'disabled' };
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  seed?: number;
}

export interface Delta {
  content?: string;
  reasoning?: string;
  finish?: string;
  usage?: Usage;
}

interface Chunk {
  choices?: {
    delta?: { content?: string | null; reasoning_content?: string | null };
    finish_reason?: string | null;
  }[];
  usage?: Usage | null;
  error?: { message?: string };
}

export function readChunk(chunk: Chunk): Delta {
  const choice = chunk.choices?.[0];
  const delta: Delta = {};
  if (choice?.delta?.content) delta.content = choice.delta.content;
  if (choice?.delta?.reasoning_content) delta.reasoning = choice.delta.reasoning_content;
  if (choice?.finish_reason) delta.finish = choice.finish_reason;
  if (chunk.usage) delta.usage = chunk.usage;
  return delta;
}

/** Yields what the model writes. Ends early, without an error of its own, never: a stream that
 * breaks off before [DONE] throws. */
export async function* complete(
  body: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<Delta> {
  // Going on from a prefix is a matter of DeepSeek's beta address.
  const prefixed = body.messages.at(-1)?.prefix;
  const response = await request(prefixed ? 'beta/chat/completions' : 'chat/completions', {
    method: 'POST',
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  for await (const data of sseData(response.body!)) {
    if (data === '[DONE]') return;
    const chunk: Chunk = JSON.parse(data);
    if (chunk.error) throw new ApiError(500, chunk.error.message ?? data);
    yield readChunk(chunk);
  }
  throw new ApiError(0, '');
}
