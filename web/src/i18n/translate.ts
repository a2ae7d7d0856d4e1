// Texts in three languages, with their plural forms and numbers.
import { ar } from './ar';
import { en, type Key, type Messages } from './en';
import { zh } from './zh';

export const languages = { en: 'English', ar: 'العربية', zh: '中文' } as const;
export type Language = keyof typeof languages;
export const messages: Record<Language, Messages> = { en, ar, zh };

export function isLanguage(name: string): name is Language {
  return Object.hasOwn(languages, name);
}

/** The first of the browser's languages that the page speaks. */
export function preferredLanguage(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.split('-')[0]!).find(isLanguage) ?? 'en';
}

export type Values = Record<string, string | number>;

/** `values.n` chooses the plural form. Numbers are written as the language does. */
export function translate(language: Language, key: Key, values: Values = {}): string {
  const text = messages[language][key];
  const n = Number(values['n'] ?? 0);
  const form = typeof text === 'string' ? text : text[new Intl.PluralRules(language).select(n)] ?? text.other!;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
  });
}
