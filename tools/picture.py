"""Curves as SVG, for the docs."""

import html

COLORS = ["#3b7dd8", "#e0792b", "#3a9d5d", "#c44569"]
WIDTH, LEFT, BOTTOM = 640, 60, 36


class Picture:
    """One panel: x from 0 to x_high, y from y_low to y_high, with five lines across and a caption."""

    def __init__(self, x_high, y_low, y_high, caption, height=300, digits=2):
        self.x_high, self.y_low, self.y_high, self.height = x_high, y_low, y_high, height
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                      'font-family="sans-serif" font-size="12">',
                      f'<rect width="{WIDTH}" height="{height}" fill="white"/>']
        for i in range(5):
            y = y_low + (y_high - y_low) * i / 4
            at = float(self.place((0, y)).split(",")[1])
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{at}" y2="{at}" '
                              f'stroke="#ddd"/><text x="{LEFT - 6}" y="{at + 4:.1f}" '
                              f'text-anchor="end">{y:.{digits}f}</text>')
        self.parts.append(f'<text x="{WIDTH / 2}" y="{height - 6}" text-anchor="middle">'
                          f'{html.escape(caption)}</text>')
        self.curves = 0

    def place(self, point):
        x, y = point
        return (f"{LEFT + x / self.x_high * (WIDTH - LEFT - 10):.1f},"
                f"{10 + (self.y_high - y) / (self.y_high - self.y_low) * (self.height - BOTTOM - 10):.1f}")

    def curve(self, name, points, upper=None, lower=None, faint=False):
        """A line in the next colour, with the band between two others where they are given."""
        color, line = COLORS[self.curves], 28 + 16 * self.curves
        self.curves += 1
        if upper:
            band = " ".join(map(self.place, upper + lower[::-1]))
            self.parts.append(f'<polygon points="{band}" fill="{color}" opacity=".2"/>')
        self.parts.append(f'<polyline points="{" ".join(map(self.place, points))}" fill="none" '
                          f'stroke="{color}" stroke-width="{0.5 if faint else 1.6}"/><text x="{WIDTH - 20}" y="{line}" '
                          f'fill="{color}" text-anchor="end">{html.escape(name)}</text>')

    def text(self):
        return "\n".join(self.parts + ["</svg>"]) + "\n"
