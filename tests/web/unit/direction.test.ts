import { direction } from '../../../web/src/text/direction';

describe('direction', () => {
  it.each([
    ['Hello مرحبا', 'ltr'],
    ['مرحبا Hello', 'rtl'],
    ['123 — «مرحبا»', 'rtl'],
    ['שלום', 'rtl'],
    ['你好', 'ltr'],
    ['1 + 2 = 3', undefined],
    ['', undefined],
  ])('%s', (text, wanted) => {
    expect(direction(text)).toBe(wanted);
  });
});
