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
