import { exportChats, importChats } from '../../../web/src/chat/exchange';
import { append, newChat } from '../../../web/src/chat/tree';

describe('export and import', () => {
  it('give the same chat back, under another id', () => {
    const chat = newChat();
    chat.title = 'عنوان <b>';
    const question = append(chat, { parent: null, role: 'user', content: 'q', files: [{ name: 'f', text: 't' }] });
    append(chat, {
      parent: question.id,
      role: 'assistant',
      content: 'a',
      model: 'm',
      state: 'length',
      error: '',
      reasoning: 'r',
      thinkingSeconds: 2,
      cost: 0.5,
    });
    const [copy] = importChats(exportChats([chat]));
    expect(copy!.id).not.toBe(chat.id);
    expect({ ...copy, id: chat.id }).toEqual({ ...chat, renamed: false });
  });

  it('takes nothing for granted', () => {
    expect(() => importChats('[]')).toThrow();
    expect(() => importChats('not json')).toThrow();
    const odd = { format: 'frugal-chats', chats: [null, { title: 7, messages: [{ role: 'root', content: {} }], leaf: 'x' }] };
    const [empty, strange] = importChats(JSON.stringify(odd));
    expect(empty!.messages).toEqual([]);
    expect(strange!.title).toBe('');
    expect(strange!.messages[0]).toMatchObject({ role: 'user', content: '' });
  });
});
