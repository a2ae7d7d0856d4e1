// The title of a chat that has none: its question, cut at a word.
const longest = 40; // characters

export function titleOf(question: string): string {
  const line = question.trim().split('\n', 1)[0]!.replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  if (characters.length <= longest) return line;
  const cut = characters.slice(0, longest).join('');
  const space = cut.lastIndexOf(' ');
  return (space > longest / 2 ? cut.slice(0, space) : cut) + '…';
}

/** A title that a model gave; empty when it is none: too long, or a sentence about titles. */
export function cleanTitle(text: string): string {
  const line = text.trim().split('\n', 1)[0]!;
  const bare = line.replace(/^(title|标题|العنوان)\s*[:：]/i, '').replace(/^[\s"'“”«»*#_`]+|[\s"'“”«»*_`.。]+$/g, '');
  return Array.from(bare).length <= 60 && !/\btitle\b/i.test(bare) ? bare : '';
}
