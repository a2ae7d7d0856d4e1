// Markdown to safe HTML, in blocks: while an answer grows, only its last block changes.
import MarkdownIt from 'markdown-it';
import { direction } from './direction';
import { highlight } from './highlight';
import { mathPlugin } from './math';
import { sanitize } from './sanitize';

type Token = ReturnType<MarkdownIt['parse']>[number];

const containers = new Set([
  'bullet_list_open',
  'ordered_list_open',
  'list_item_open',
  'blockquote_open',
  'table_open',
]);
const leaves = new Set(['paragraph_open', 'heading_open', 'th_open', 'td_open']);

/** The text between an opening token and its closing one. */
function textWithin(tokens: Token[], open: number): string {
  let text = '';
  for (let i = open + 1; i < tokens.length && tokens[i]!.level > tokens[open]!.level; ++i) {
    if (tokens[i]!.type === 'inline') text += tokens[i]!.content + '\n';
  }
  return text;
}

/** dir="auto" skips children that have a dir of their own, so containers get theirs explicitly. */
function setDirections(tokens: Token[]): void {
  tokens.forEach((token, i) => {
    if (containers.has(token.type)) {
      token.attrSet('dir', direction(textWithin(tokens, i)) ?? 'auto');
    } else if (leaves.has(token.type)) {
      token.attrSet('dir', 'auto');
    }
  });
}

/** Cuts the tokens where a block of the outermost level ends. */
function outermostBlocks(tokens: Token[]): Token[][] {
  const blocks: Token[][] = [];
  let block: Token[] = [];
  for (const token of tokens) {
    block.push(token);
    if (token.level === 0 && token.nesting <= 0) {
      blocks.push(block);
      block = [];
    }
  }
  return blocks;
}

function codeBlock(md: MarkdownIt, code: string, info: string, copyLabel: string): string {
  const language = info.trim().split(/\s+/)[0]!;
  const html = highlight(code, language) ?? md.utils.escapeHtml(code);
  return (
    `<div class="code" dir="ltr"><div class="code-head"><span>${md.utils.escapeHtml(language)}</span>` +
    `<button type="button" class="code-copy">${md.utils.escapeHtml(copyLabel)}</button></div>` +
    `<pre tabindex="0"><code>${html}</code></pre></div>\n`
  );
}

function create(copyLabel: string): MarkdownIt {
  const md = new MarkdownIt({ html: false, linkify: true, breaks: false });
  md.use(mathPlugin);
  const { rules } = md.renderer;
  rules.fence = (tokens, i) => codeBlock(md, tokens[i]!.content, tokens[i]!.info, copyLabel);
  rules.code_block = (tokens, i) => codeBlock(md, tokens[i]!.content, '', copyLabel);
  rules.code_inline = (tokens, i) => `<code dir="ltr">${md.utils.escapeHtml(tokens[i]!.content)}</code>`;
  rules.table_open = (tokens, i, options, _env, self) =>
    '<div class="table" tabindex="0">' + self.renderToken(tokens, i, options);
  rules.table_close = () => '</table></div>\n';
  rules.link_open = (tokens, i, options, _env, self) => {
    tokens[i]!.attrSet('target', '_blank');
    tokens[i]!.attrSet('rel', 'noopener noreferrer nofollow');
    return self.renderToken(tokens, i, options);
  };
  // A picture from elsewhere would tell its host who reads this: a link says the same.
  rules.image = (tokens, i) => {
    const { content } = tokens[i]!;
    const source = md.utils.escapeHtml(tokens[i]!.attrGet('src') ?? '');
    const label = md.utils.escapeHtml(content || source);
    return `<a href="${source}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
  };
  return md;
}

export type BlockRenderer = (source: string) => string[];

/** Renders the states of one growing text. Blocks that did not change come from memory. */
export function createRenderer(copyLabel: string): BlockRenderer {
  const md = create(copyLabel);
  let before = new Map<string, string>();
  return (source) => {
    const lines = source.split('\n');
    const tokens = md.parse(source, {});
    setDirections(tokens);
    const now = new Map<string, string>();
    const blocks = outermostBlocks(tokens).map((block) => {
      const [start, end] = block[0]!.map ?? [0, lines.length];
      const key = lines.slice(start, end).join('\n');
      const html = before.get(key) ?? sanitize(md.renderer.render(block, md.options, {}));
      now.set(key, html);
      return html;
    });
    before = now;
    return blocks;
  };
}
