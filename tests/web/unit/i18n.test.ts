import type { Key } from '../../../web/src/i18n/en';
import { languages, messages, preferredLanguage, translate, type Language } from '../../../web/src/i18n/translate';

const names = Object.keys(languages) as Language[];
const keys = Object.keys(messages.en) as Key[];

function forms(language: Language, key: Key): string[] {
  const text = messages[language][key];
  return typeof text === 'string' ? [text] : Object.values(text);
}

function placeholders(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).filter((name) => name !== '{n}').sort();
}

describe.each(names)('the texts in %s', (language) => {
  it('are complete', () => {
    expect(Object.keys(messages[language]).sort()).toEqual([...keys].sort());
    for (const key of keys) for (const form of forms(language, key)) expect(form.trim(), key).not.toBe('');
  });

  it('have the placeholders of the English ones', () => {
    for (const key of keys) {
      const wanted = placeholders(forms('en', key)[0]!);
      for (const form of forms(language, key)) expect(placeholders(form), key).toEqual(wanted);
    }
  });

  it('have every plural form that the language knows', () => {
    const known = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of keys) {
      const text = messages[language][key];
      if (typeof text !== 'string') expect(Object.keys(text), key).toEqual(expect.arrayContaining(known));
    }
  });
});

describe('translate', () => {
  it('chooses the plural form', () => {
    expect(translate('en', 'tokens', { n: 1 })).toBe('1 token');
    expect(translate('en', 'tokens', { n: 1234 })).toBe('1,234 tokens');
    expect(translate('ar', 'tokens', { n: 2 })).toBe('رمزان');
    expect(translate('zh', 'tokens', { n: 2 })).toBe('2 个词元');
  });

  it('takes the browser’s language', () => {
    expect(preferredLanguage(['fr-FR', 'ar-EG', 'en'])).toBe('ar');
    expect(preferredLanguage(['zh-Hans-CN'])).toBe('zh');
    expect(preferredLanguage(['fr'])).toBe('en');
  });
});
