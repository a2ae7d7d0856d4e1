// @vitest-environment jsdom
import { createRenderer } from '../../../web/src/text/markdown';
import { sanitize } from '../../../web/src/text/sanitize';

vi.mock(import('../../../web/src/text/sanitize'), async (original) => {
  const real = await original();
  return { sanitize: vi.fn(real.sanitize) }; // to count its calls
});

function page(source: string): HTMLElement {
  const element = document.createElement('div');
  element.innerHTML = createRenderer('Copy')(source).join('');
  return element;
}

describe('Markdown', () => {
  it('renders headings, lists, tables and code', () => {
    const p = page('# T\n\n- a\n- b\n\n|x|y|\n|-|-|\n|1|2|\n\n```js\nlet a = 1;\n```');
    expect(p.querySelector('h1')?.textContent).toBe('T');
    expect(p.querySelectorAll('li')).toHaveLength(2);
    expect(p.querySelectorAll('td')).toHaveLength(2);
    expect(p.querySelector('pre code')?.textContent).toBe('let a = 1;\n');
    expect(p.querySelector('.hljs-keyword')?.textContent).toBe('let');
    expect(p.querySelector('button.code-copy')?.textContent).toBe('Copy');
  });

  it('lets no script, handler, style or picture through', () => {
    const p = page(
      '<script>x()</script>\n\n<img src=x onerror=x()>\n\n[a](javascript:x()) ![b](https://example.org/b.png)\n\n' +
        '<b style="color:red">c</b> $\\href{javascript:x()}{d}$ $\\text{<img src=x onerror=x()>}$\n\n```"><script>\ne\n```',
    );
    expect(p.querySelector('script, img, iframe, style')).toBeNull();
    for (const element of p.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on|^style$/);
        expect(value).not.toMatch(/^\s*javascript:/i);
      }
    }
    expect(p.textContent).toContain('<script>x()</script>');
    expect(p.querySelector('a')?.getAttribute('rel')).toContain('noreferrer');
  });

  it('draws only the block that changed anew', () => {
    const render = createRenderer('Copy');
    render('One.\n\nTwo');
    vi.mocked(sanitize).mockClear();
    expect(render('One.\n\nTwo and more')).toHaveLength(2);
    expect(sanitize).toHaveBeenCalledTimes(1);
  });

  it('renders a code block before its end has come', () => {
    expect(page('```py\nprint(1)').querySelector('pre')?.textContent).toBe('print(1)');
  });
});

describe('the last gate', () => {
  it.each([
    ['<b style="color:red" id="a" name="b" onclick="x()">c</b>', '<b>c</b>'],
    ['<a href="javascript:x()">c</a>', '<a>c</a>'],
    ['<form><input value="a"></form><img src="a"><style>b</style>c', 'c'],
    ['<math><annotation-xml encoding="text/html"><script>x()</script></annotation-xml></math>', '<math></math>'],
  ])('%s', (html, clean) => {
    expect(sanitize(html)).toBe(clean);
  });
});

describe('LaTeX', () => {
  it.each(['$x^2$', '\\(x^2\\)', '$$x^2$$', '\\[x^2\\]', 'a $x^2$ b'])('%s', (source) => {
    const p = page(source);
    expect(p.querySelector('math msup')?.textContent).toBe('x2');
    expect(p.querySelector('math')?.textContent).toBe('x2'); // and not the LaTeX once more
    expect(p.innerHTML).not.toContain('style=');
  });

  it('displays $$ over several lines', () => {
    const p = page('Text\n$$\n\\frac{a}{b}\n$$\nmore');
    expect(p.querySelector('p.math math')?.getAttribute('display')).toBe('block');
    expect(p.querySelector('mfrac')).not.toBeNull();
  });

  it.each(['It costs $5, not $6 or $7.', 'US$20,US$30', 'from $5 to $x'])('leaves money alone: %s', (source) => {
    expect(page(source).querySelector('math')).toBeNull();
  });

  it('leaves what is not LaTeX, or not complete, as it was', () => {
    expect(page('$\\frac{1}$').textContent).toContain('\\frac{1}');
    expect(page('half $\\alpha + ').textContent).toContain('$\\alpha +');
    expect(page('`$x$`').querySelector('math')).toBeNull();
  });
});

describe('direction of blocks', () => {
  it('is that of their own text', () => {
    const p = page('مرحبا\n\nHello\n\n- قائمة\n- list\n\n> اقتباس');
    expect(p.querySelector('p')?.getAttribute('dir')).toBe('auto');
    expect(p.querySelector('ul')?.getAttribute('dir')).toBe('rtl');
    const items = Array.from(p.querySelectorAll('li'), (li) => li.getAttribute('dir'));
    expect(items).toEqual(['rtl', 'ltr']);
    expect(p.querySelector('blockquote')?.getAttribute('dir')).toBe('rtl');
  });

  it('of code and formulas is left to right', () => {
    const p = page('مرحبا `a` $b$\n\n```\nc\n```');
    for (const selector of ['p code', '.math', '.code']) {
      expect(p.querySelector(selector)?.getAttribute('dir')).toBe('ltr');
    }
  });
});
