// Answers as streams. The server goes on writing when the page goes away; a stream that broke off
// is taken up again where it was.
import type { ApiMessage } from '../chat/prompt';
import type { Usage } from '../chat/types';
import { ApiError, postJson, request } from './client';
import { serverEvents } from './sse';

/** DeepSeek's /chat/completions. What is not set, the model decides. */
export interface CompletionRequest {
  model: string;
  messages: ApiMessage[];
  thinking?: { type: 'enabled' | 'disabled' };
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  seed?: number;
}

/** A stream of the server, and the number of the event that comes next. */
export interface Generation {
  id: string;
  next: number;
}

export interface Delta {
  content?: string;
  reasoning?: string;
  finish?: string;
  usage?: Usage;
}

interface Chunk {
  generation?: string;
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

/** Yields each piece, with where the stream stands after it. Throws when it breaks off. */
async function* read(response: Response, id = ''): AsyncGenerator<[Delta, Generation]> {
  const generation: Generation = { id, next: 0 };
  for await (const event of serverEvents(response.body!)) {
    if (event.data === '[DONE]') return;
    const chunk: Chunk = JSON.parse(event.data);
    if (chunk.error) throw new ApiError(500, chunk.error.message ?? event.data);
    if (chunk.generation) generation.id = chunk.generation;
    generation.next = Number(event.id) + 1;
    yield [readChunk(chunk), { ...generation }];
  }
  throw new Error('the stream broke off');
}

/** Asks for an answer. */
export async function* start(body: CompletionRequest, signal: AbortSignal): ReturnType<typeof read> {
  const stream = { stream: true, stream_options: { include_usage: true } };
  yield* read(await request('api/generations', { method: 'POST', body: JSON.stringify({ ...body, ...stream }), signal }));
}

/** Goes on reading an answer. Throws ApiError 404 when the server has forgotten it. */
export async function* follow(at: Generation, signal: AbortSignal): ReturnType<typeof read> {
  yield* read(await request(`api/generations/${at.id}?from=${at.next}`, { signal }), at.id);
}

export async function cancel(at: Generation): Promise<void> {
  await request(`api/generations/${at.id}`, { method: 'DELETE' }).catch(() => {});
}

/** A short answer as a whole. */
export async function complete(body: CompletionRequest): Promise<string> {
  type Answer = { choices: { message: { content: string | null } }[] };
  const { choices } = await postJson<Answer>('chat/completions', body);
  return choices[0]?.message.content ?? '';
}
