// Server-sent events, as far as completions use them.

export interface ServerEvent {
  id: string; // empty when the event has none
  data: string;
}

/** Yields the events; comments such as `: keep-alive` and other fields are dropped. */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder(); // keeps the first half of a character that is cut
  let rest = '';
  let id = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      // A carriage return at the end may be the first half of CR LF.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        const [, field, text] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (field === 'data') data.push(text!);
        else if (field === 'id') id = text!;
        else if (line === '' && data.length > 0) {
          yield { id, data: data.join('\n') };
          data = [];
        }
      }
      if (done) return;
    }
  } finally {
    // Frees the server's slot when the caller stops reading.
    await reader.cancel().catch(() => {});
  }
}
