"""Plots as SVG, drawn by hand: two kinds are too few for a library.

Both axes of curves, and the one of bars, are logarithmic: what is compared are ratios. Colours are
those of Okabe and Ito, which people tell apart who do not see all colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

COLOURS = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#999999")
_FONT = "font-family='sans-serif' font-size='12'"
_WIDTH = 860
_BAR = 16
_LABEL = 170
_RIGHT = 150

Curve = Sequence[tuple[float, float]]


def document(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """A whole SVG file; the title is told by screen readers too."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}'"
        f" viewBox='0 0 {width:.0f} {height:.0f}' role='img' {_FONT}>"
    )
    ground = f"<rect width='{width:.0f}' height='{height:.0f}' fill='#ffffff'/>"
    return "\n".join([head, f"<title>{escape(title)}</title>", ground, *parts, "</svg>", ""])


def text(x: float, y: float, content: str, *, anchor: str = "start", more: str = "") -> str:
    """One line of text."""
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'{more}>{escape(content)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, colour: str = "#dddddd") -> str:
    """A straight line."""
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"


class Scale:
    """A logarithmic axis between two values, on the picture between two places."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        """Cover all values, from a power of ten to a power of ten."""
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(self.low + 1, math.ceil(math.log10(max(values)) - 1e-9))
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        """Where a value lies."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> Iterator[float]:
        """The powers of ten."""
        for power in range(self.low, self.high + 1):
            yield 10.0**power


def bars(title: str, axis: str, groups: Mapping[str, Sequence[tuple[str, float, str]]]) -> str:
    """Groups of horizontal bars, each with a name, a value and words beside it."""
    values = [value for group in groups.values() for _, value, _ in group] or [1.0]
    scale = Scale([*values, 1.0], _LABEL, _WIDTH - _RIGHT)
    names = list(dict.fromkeys(name for group in groups.values() for name, _, _ in group))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
    top = 60.0
    height = top + sum(28 + _BAR * len(group) for group in groups.values()) + 20
    parts = [text(10, 22, title, more=" font-size='15' font-weight='bold'")]
    parts.append(text(_LABEL, 42, axis))
    for tick in scale.ticks():
        x = scale.place(tick)
        parts += [line(x, top, x, height - 10), text(x, top - 4, f"{tick:g}", anchor="middle")]
    y = top
    for label, group in groups.items():
        y += 22
        parts.append(text(10, y, label, more=" font-weight='bold'"))
        y += 6
        for name, value, words in group:
            start, end = sorted((scale.place(1.0), scale.place(value)))
            parts.append(text(_LABEL - 6, y + 12, name, anchor="end"))
            parts.append(
                f"<rect x='{start:.1f}' y='{y + 2:.1f}' width='{max(end - start, 1.5):.1f}'"
                f" height='{_BAR - 4}' fill='{colours[name]}'/>"
            )
            parts.append(text(end + 5, y + 12, words))
            y += _BAR
    return document(_WIDTH, height, title, parts)


def curves(title: str, x_axis: str, y_axis: str, panels: Mapping[str, Mapping[str, Curve]]) -> str:
    """Panels one below the other, each with curves by name."""
    points = [point for panel in panels.values() for curve in panel.values() for point in curve]
    points = points or [(1.0, 1.0)]
    left, panel_height, right = 70.0, 330.0, _WIDTH - 150.0
    across = Scale([x for x, _ in points], left, right)
    parts = [text(10, 22, title, more=" font-size='15' font-weight='bold'")]
    top = 50.0
    for label, panel in panels.items():
        bottom = top + panel_height - 60
        up = Scale([y for _, y in points], bottom, top)
        parts.append(text(left, top - 8, f"{label} ({y_axis})", more=" font-weight='bold'"))
        for tick in across.ticks():
            x = across.place(tick)
            parts += [line(x, top, x, bottom), text(x, bottom + 16, f"{tick:g}", anchor="middle")]
        for tick in up.ticks():
            y = up.place(tick)
            parts += [line(left, y, right, y), text(left - 6, y + 4, f"{tick:g}", anchor="end")]
        parts.append(text((left + right) / 2, bottom + 32, x_axis, anchor="middle"))
        for number, (name, curve) in enumerate(panel.items()):
            colour = COLOURS[number % len(COLOURS)]
            way = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in curve)
            parts.append(
                f"<polyline points='{way}' fill='none' stroke='{colour}' stroke-width='2'/>"
            )
            y = top + 14 + 18 * number
            parts.append(line(right + 12, y - 4, right + 32, y - 4, colour))
            parts.append(text(right + 38, y, name))
        top += panel_height + 20
    return document(_WIDTH, top, title, parts)
