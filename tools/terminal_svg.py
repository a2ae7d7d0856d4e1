"""Draws a terminal session as SVG: tools/terminal_svg.py OUT.svg < text

Reads what a terminal showed on standard input, dim (ESC[2m) and bold (ESC[1m) text included, and
writes a picture that follows the reader's light or dark mode.
"""

import html
import re
import sys

LINE_HEIGHT, CHARACTER_WIDTH, MARGIN = 21, 8.4, 18


def spans(line: str) -> str:
    out, style = [], ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if code:
            style = {"2": "dim", "1": "bold"}.get(code[1], "")
        elif part:
            out.append(f'<tspan class="{style}">{html.escape(part)}</tspan>' if style else html.escape(part))
    return "".join(out)


def main() -> None:
    lines = sys.stdin.read().rstrip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    width = int(max(len(line) for line in plain) * CHARACTER_WIDTH + 2 * MARGIN)
    height = len(lines) * LINE_HEIGHT + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE_HEIGHT * (i + 1) - 6}" xml:space="preserve">{spans(line)}</text>'
        for i, line in enumerate(lines))
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>A terminal session with frugal</title>
<style>
rect {{ fill: #f6f8fa; stroke: #d0d7de }} text {{ fill: #1f2328; font: 14px ui-monospace, Menlo, Consolas, monospace }}
.dim {{ fill: #6e7781 }} .bold {{ font-weight: 600 }}
@media (prefers-color-scheme: dark) {{ rect {{ fill: #0d1117; stroke: #30363d }} text {{ fill: #e6edf3 }} .dim {{ fill: #8b949e }} }}
</style>
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>
{rows}
</svg>
"""
    open(sys.argv[1], "w", encoding="utf-8").write(svg)


if __name__ == "__main__":
    main()
