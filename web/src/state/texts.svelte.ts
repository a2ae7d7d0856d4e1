// Texts, numbers and times in the language that the user chose.
import type { Key } from '../i18n/en';
import { translate, type Values } from '../i18n/translate';
import { leftToRight } from '../text/direction';
import { settings } from './settings.svelte';

export function t(key: Key, values?: Values): string {
  return translate(settings.language, key, values);
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(settings.language, options).format(value);
}

/** Answers cost fractions of a cent, so two digits that count are shown. In Arabic too the sign stays
 * before the figure. */
export function dollars(value: number): string {
  const small = Math.abs(value) < 1 && value !== 0;
  const digits = small ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return leftToRight(`$${number(value, digits)}`);
}

/** In the unit that fits: seconds, minutes or hours. */
export function duration(seconds: number): string {
  const [value, unit] =
    seconds < 60 ? [seconds, 'second'] : seconds < 3600 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return number(value, { style: 'unit', unit, maximumSignificantDigits: 3 });
}
