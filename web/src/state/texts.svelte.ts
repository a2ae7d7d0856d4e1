// Texts, numbers and times in the language that the user chose.
import type { Key } from '../i18n/en';
import { translate, type Values } from '../i18n/translate';
import { settings } from './settings.svelte';

export function t(key: Key, values?: Values): string {
  return translate(settings.language, key, values);
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(settings.language, options).format(value);
}

/** Answers cost fractions of a cent, so two digits that count are shown. */
export function dollars(value: number): string {
  const options: Intl.NumberFormatOptions = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' };
  return number(value, Math.abs(value) >= 1 || value === 0 ? options : { ...options, maximumSignificantDigits: 2 });
}

export function date(milliseconds: number): string {
  return new Intl.DateTimeFormat(settings.language, { dateStyle: 'medium' }).format(milliseconds);
}
