// LaTeX in Markdown: $...$ and \(...\) within a line, $$...$$ and \[...\] displayed.
import katex from 'katex';
import type MarkdownIt from 'markdown-it';

type StateInline = Parameters<Parameters<MarkdownIt['inline']['ruler']['push']>[1]>[0];
type StateBlock = Parameters<Parameters<MarkdownIt['block']['ruler']['push']>[1]>[0];

/** MathML: needs no inline style, and screen readers read it. */
export function renderMath(tex: string, display: boolean): string | undefined {
  try {
    return katex.renderToString(tex, {
      output: 'mathml',
      displayMode: display,
      throwOnError: true,
      strict: 'ignore',
      maxExpand: 500,
      maxSize: 50,
    });
  } catch {
    return undefined; // not LaTeX, or not yet: it stays as it was written
  }
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') ++slashes;
  return slashes % 2 === 1;
}

function findUnescaped(text: string, closing: string, from: number): number {
  let at = text.indexOf(closing, from);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf(closing, at + 1);
  return at;
}

/** Where the formula between dollars ends, or -1: "$5 and $6" holds none. */
function closingDollar(text: string, start: number): number {
  if (/\s/.test(text[start] ?? ' ')) return -1;
  const end = findUnescaped(text, '$', start);
  if (end <= start || /\s/.test(text[end - 1]!) || /\d/.test(text[end + 1] ?? '')) return -1;
  return end;
}

function pushMath(state: StateInline, opening: string, closing: string, silent: boolean): boolean {
  const start = state.pos + opening.length;
  const end = opening === '$' ? closingDollar(state.src, start) : findUnescaped(state.src, closing, start);
  if (end === -1 || end >= state.posMax) return false;
  const tex = state.src.slice(start, end);
  if (!tex.trim()) return false;
  if (!silent) {
    const token = state.push('math', '', 0);
    token.content = tex;
    token.markup = opening;
    token.meta = { display: opening === '$$' || opening === '\\[', source: opening + tex + closing };
  }
  state.pos = end + closing.length;
  return true;
}

const pairs = [
  ['$$', '$$'],
  ['$', '$'],
  ['\\(', '\\)'],
  ['\\[', '\\]'],
] as const;

function inlineMath(state: StateInline, silent: boolean): boolean {
  const pair = pairs.find(([opening]) => state.src.startsWith(opening, state.pos));
  return pair !== undefined && pushMath(state, pair[0], pair[1], silent);
}

function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const lineText = (line: number) =>
    state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]!);
  const first = lineText(startLine);
  const pair = pairs.find(([opening]) => opening !== '$' && opening !== '\\(' && first.startsWith(opening));
  if (!pair) return false;
  const [opening, closing] = pair;
  for (let line = startLine; line < endLine; ++line) {
    const text = line === startLine ? first.slice(opening.length) : lineText(line);
    const at = text.indexOf(closing);
    if (at === -1) continue;
    if (text.slice(at + closing.length).trim()) return false; // the sentence goes on
    if (silent) return true;
    const source = state.getLines(startLine, line + 1, state.blkIndent, false).trim();
    const token = state.push('math', '', 0);
    token.content = source.slice(opening.length, source.lastIndexOf(closing));
    token.meta = { display: true, source };
    token.block = true;
    token.map = [startLine, line + 1];
    state.line = line + 1;
    return true;
  }
  return false;
}

export function mathPlugin(md: MarkdownIt): void {
  // Before `escape`, which takes the backslash of \( away.
  md.inline.ruler.before('escape', 'math', inlineMath);
  md.block.ruler.before('fence', 'math', blockMath, { alt: ['paragraph', 'blockquote', 'list'] });
  md.renderer.rules['math'] = (tokens, i) => {
    const { content, meta, block } = tokens[i]!;
    const html = renderMath(content, meta.display) ?? `<code>${md.utils.escapeHtml(meta.source)}</code>`;
    return block ? `<p class="math" dir="ltr">${html}</p>\n` : `<span class="math" dir="ltr">${html}</span>`;
  };
}
