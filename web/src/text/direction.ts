// Which way a text runs, by its first letter, as HTML's dir="auto" decides it.

const letter = /\p{L}/u;
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

export type Direction = 'ltr' | 'rtl';

/** Undefined when the text has no letters. */
export function direction(text: string): Direction | undefined {
  const first = letter.exec(text)?.[0];
  if (first === undefined) return undefined;
  return rightToLeft.test(first) ? 'rtl' : 'ltr';
}

/** The text within marks that keep its order in a line of the other direction. */
export function leftToRight(text: string): string {
  return `\u2066${text}\u2069`;
}
