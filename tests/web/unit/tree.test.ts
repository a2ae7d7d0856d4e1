import { append, branch, find, newChat, select, versions } from '../../../web/src/chat/tree';
import type { Chat, Message } from '../../../web/src/chat/types';

function say(chat: Chat, role: Message['role'], content: string, parent = chat.leaf): Message {
  return append(chat, { parent, role, content });
}

function texts(chat: Chat): string {
  return branch(chat)
    .map((m) => m.content)
    .join(' ');
}

describe('the tree of versions', () => {
  it('shows the branch of the newest message', () => {
    const chat = newChat();
    const first = say(chat, 'user', 'q1');
    say(chat, 'assistant', 'a1');
    say(chat, 'user', 'q2');
    expect(texts(chat)).toBe('q1 a1 q2');

    say(chat, 'user', 'Q1', first.parent); // edited
    expect(texts(chat)).toBe('Q1');
    say(chat, 'assistant', 'A1');
    expect(texts(chat)).toBe('Q1 A1');
  });

  it('goes back to a version with everything that followed it', () => {
    const chat = newChat();
    const first = say(chat, 'user', 'q1');
    say(chat, 'assistant', 'a1');
    say(chat, 'assistant', 'a1b', first.id); // asked again
    say(chat, 'user', 'q2');
    const second = say(chat, 'user', 'Q1', null);
    expect(versions(chat, first).map((m) => m.content)).toEqual(['q1', 'Q1']);

    select(chat, first.id);
    expect(texts(chat)).toBe('q1 a1b q2');
    select(chat, second.id);
    expect(texts(chat)).toBe('Q1');
  });

  it('counts versions of a message, not of others', () => {
    const chat = newChat();
    const question = say(chat, 'user', 'q');
    const one = say(chat, 'assistant', 'a', question.id);
    const two = say(chat, 'assistant', 'b', question.id);
    say(chat, 'user', 'c', two.id);
    expect(versions(chat, one)).toEqual(versions(chat, two));
    expect(versions(chat, one)).toHaveLength(2);
  });

  it('survives a circle and a missing parent', () => {
    const chat = newChat();
    const a = say(chat, 'user', 'a');
    const b = say(chat, 'assistant', 'b');
    a.parent = b.id;
    expect(branch(chat).length).toBeLessThanOrEqual(2);
    select(chat, a.id);
    a.parent = 'nobody';
    chat.leaf = b.id;
    expect(texts(chat)).toBe('a b');
    expect(find(chat, null)).toBeUndefined();
  });
});
