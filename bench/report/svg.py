"""Drawings as SVG: a canvas with the few shapes that the pictures need, and axes."""

import html
import math

INK, FAINT = "#24292f", "#d0d7de"
# Distinct for colour-blind people too. Ours comes first.
COLOURS = ["#0b6e99", "#e08214", "#8fae3f", "#a0529c", "#c7503e", "#7f7f7f"]
FONT = "DejaVu Sans, Verdana, sans-serif"


class Canvas:
    def __init__(self, width, height, title):
        self.width, self.height, self.parts = width, height, []
        self.rectangle(0, 0, width, height, "white")
        self.text(16, 26, title, size=15, weight="bold")

    def rectangle(self, x, y, width, height, colour, note=None):
        inside = f"<title>{html.escape(note)}</title>" if note else ""
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
                          f'fill="{colour}">{inside}</rect>')

    def line(self, points, colour=INK, width=1.0, dashes=None):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def dot(self, x, y, colour, note):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.75">'
                          f"<title>{html.escape(note)}</title></circle>")

    def text(self, x, y, text, size=11, anchor="start", weight="normal", colour=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'font-weight="{weight}" fill="{colour}">{html.escape(text)}</text>')

    def legend(self, x, y, entries):
        """Names with their colours, side by side."""
        for name, colour in entries:
            self.rectangle(x, y - 9, 10, 10, colour)
            self.text(x + 15, y, name)
            x += 15 + 7 * len(name) + 22

    def save(self, path):
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                        f'viewBox="0 0 {self.width} {self.height}" font-family="{FONT}">\n'
                        + "\n".join(self.parts) + "\n</svg>\n", encoding="utf-8")


class Axis:
    """Where a value lies between two ends of the canvas, in proportion to it or to its logarithm."""

    def __init__(self, first, last, begin, end, logarithmic=False):
        self.scale = math.log if logarithmic else float
        self.first, self.last, self.begin, self.end = first, last, begin, end

    def __call__(self, value):
        value = min(max(value, self.first), self.last)
        low, high = self.scale(self.first), self.scale(self.last)
        return self.begin + (self.scale(value) - low) / (high - low) * (self.end - self.begin)


def steps(most, wanted=5):
    """Round numbers from 0 to a little over `most`."""
    step = next(step for step in (power * mantissa for power in (10.0 ** n for n in range(-3, 7))
                                  for mantissa in (1, 2, 2.5, 5)) if most / step <= wanted)
    return [step * i for i in range(math.ceil(most / step) + 1)]
