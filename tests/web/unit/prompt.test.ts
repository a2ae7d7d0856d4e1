import { toApiMessages, withFiles } from '../../../web/src/chat/prompt';
import { cleanTitle, titleOf } from '../../../web/src/chat/title';
import type { Message } from '../../../web/src/chat/types';

function message(role: Message['role'], content: string, more: Partial<Message> = {}): Message {
  return { id: content, parent: null, role, content, created: 0, ...more };
}

describe('the prompt', () => {
  it('puts files before the question as DeepSeek does', () => {
    expect(withFiles('Why?', [{ name: 'a.txt', text: 'A' }])).toBe(
      '[file name]: a.txt\n[file content begin]\nA\n[file content end]\nWhy?',
    );
  });

  it('leaves out earlier reasoning and the empty answer', () => {
    const branch = [
      message('user', 'q'),
      message('assistant', 'a', { reasoning: 'hm' }),
      message('user', 'r'),
      message('assistant', ''),
    ];
    expect(toApiMessages(branch, 'Be kind.')).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'r' },
    ]);
  });

  it('goes on with an unfinished answer', () => {
    const branch = [message('user', 'q'), message('assistant', 'half an', { reasoning: 'hm' })];
    expect(toApiMessages(branch, ' ').at(-1)).toEqual({
      role: 'assistant',
      content: 'half an',
      reasoning_content: 'hm',
      prefix: true,
    });
    const without = [message('user', 'q'), message('assistant', 'half an')];
    expect(toApiMessages(without, '').at(-1)).toStrictEqual({ role: 'assistant', content: 'half an', prefix: true });
  });
});

describe('the title', () => {
  it.each([
    ['Short one', 'Short one'],
    ['  first line \nsecond', 'first line'],
    ['Explain the difference between a mutex and a semaphore', 'Explain the difference between a mutex…'],
    ['为什么天空是蓝色的？', '为什么天空是蓝色的？'],
    ['', ''],
  ])('%s', (question, title) => {
    expect(titleOf(question)).toBe(title);
  });
});

describe('a title by the model', () => {
  it.each([
    ['"The Sky Is Blue."\nmore', 'The Sky Is Blue'],
    ['**Title:** Bread', ''],
    ['Title: Bread', 'Bread'],
    ['标题：勾股定理', '勾股定理'],
    ['«الجاذبية»', 'الجاذبية'],
    ['A good title for this would be Bread', ''],
    ['x'.repeat(61), ''],
  ])('%s', (text, title) => {
    expect(cleanTitle(text)).toBe(title);
  });
});
