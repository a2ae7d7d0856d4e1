import { readChunk } from '../../../web/src/api/generation';
import { serverEvents } from '../../../web/src/api/sse';

/** A body that arrives in pieces of `size` bytes. */
function body(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function all(text: string, size: number): Promise<string[]> {
  const result: string[] = [];
  for await (const { id, data } of serverEvents(body(text, size))) result.push(id ? `${id}: ${data}` : data);
  return result;
}

describe('server-sent events', () => {
  const sent = ': keep-alive\n\ndata: {"a":"مرحبا 你好 🌍"}\r\n\r\nevent: x\nid: 7\ndata:two\rdata: lines\r\rdata: [DONE]\n\n';
  const wanted = ['{"a":"مرحبا 你好 🌍"}', '7: two\nlines', '7: [DONE]'];

  it.each([1, 2, 3, 5, 7, 64, 1000])('reads pieces of %i bytes', async (size) => {
    expect(await all(sent, size)).toEqual(wanted);
  });

  it('drops an event that is not finished', async () => {
    expect(await all('data: one\n\ndata: tw', 4)).toEqual(['one']);
  });

  it('frees the connection when the reader stops', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: x\n\n')),
      cancel: () => void (cancelled = true),
    });
    for await (const { data } of serverEvents(endless)) {
      expect(data).toBe('x');
      break;
    }
    expect(cancelled).toBe(true);
  });
});

describe('a chunk of a completion', () => {
  it('tells reasoning from the answer', () => {
    expect(readChunk({ choices: [{ delta: { reasoning_content: 'hm', content: null }, finish_reason: null }] })).toEqual({
      reasoning: 'hm',
    });
    expect(readChunk({ choices: [{ delta: { content: 'so' }, finish_reason: 'length' }] })).toEqual({
      content: 'so',
      finish: 'length',
    });
  });

  it('takes the usage of the last one, which has no choices', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4 };
    expect(readChunk({ choices: [], usage })).toEqual({ usage });
  });
});
