"""Latency against load as a picture: drawn from the figures, readable on light and on dark."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from chaguan.bench.figures import Figure, number

NAME = "latency-load.svg"
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 140, 44, 56
LINES = (
    ("end_to_end_p99_ms", "p99", "far"),
    ("end_to_end_p50_ms", "median", "near"),
)
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #3d444d }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.far, .near { fill: none; stroke-width: 2.5; stroke-linejoin: round }
.far { stroke: #bc4c00 } .near { stroke: #0969da } .limit { stroke: #59636e; stroke-dasharray: 5 4; stroke-width: 1.5 }
circle.far, text.far { fill: #bc4c00; stroke: none } circle.near, text.near { fill: #0969da; stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #b6bec8 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
  .far { stroke: #f0883e } .near { stroke: #58a6ff } .limit { stroke: #9198a1 }
  circle.far, text.far { fill: #f0883e } circle.near, text.near { fill: #58a6ff }
}
"""


def beside(page: Path, figures: Sequence[Figure]) -> str:
    """Into the folder of the page, where there is something to draw; gives what the page shows of it."""
    points = [
        figure for figure in figures if figure.name == "latency_load" and "nodes" not in figure.parameters
    ]
    if len(points) < 2:
        return ""
    page.with_name(NAME).write_text(draw(points), encoding="utf-8")
    return f"\n![Median and p99 of the latency end to end, against direct messages a second]({NAME})\n"


def draw(points: Sequence[Figure]) -> str:
    points = sorted(points, key=lambda point: point.parameters["messages_per_s"])
    values = [point.parameters[name] for point in points for name, _, _ in LINES]
    values += [point.limit for point in points if point.limit]
    scale = _Scale(max(point.parameters["messages_per_s"] for point in points), min(values), max(values))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img" aria-labelledby="title told">',
            '<title id="title">Latency end to end against load</title>',
            f'<desc id="told">{escape(_told(points))}</desc>',
            f"<style>{_STYLE}</style>",
            *_frame(scale),
            *_limit(scale, points),
            *_lines(scale, points),
            "</svg>\n",
        ]
    )


class _Scale:
    """Messages a second from left to right; milliseconds upwards, by powers of ten."""

    def __init__(self, most: float, low: float, high: float) -> None:
        self.step = _step(most)
        self.most: float = math.ceil(most / self.step) * self.step
        self.low = math.floor(math.log10(max(low, 0.01)))
        self.high = max(self.low + 1, math.ceil(math.log10(high)))

    def x(self, rate: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * rate / self.most, 1)

    def y(self, ms: float) -> float:
        part = (math.log10(max(ms, 0.01)) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part, 1)


def _step(most: float) -> float:
    """Of four to ten marks, round ones."""
    rough: float = 10 ** math.floor(math.log10(most / 4))
    return max(step * rough for step in (1, 2, 2.5, 5) if most / (step * rough) >= 4)


def _frame(scale: _Scale) -> Iterator[str]:
    yield f'<text class="title" x="{LEFT}" y="22">Latency end to end, ms</text>'
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10**power)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{number(10**power)}</text>'
    for nth in range(round(scale.most / scale.step) + 1):
        x = scale.x(nth * scale.step)
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{number(nth * scale.step)}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">direct messages a second</text>'


def _limit(scale: _Scale, points: Sequence[Figure]) -> Iterator[str]:
    limit = points[0].limit
    if limit:
        y = scale.y(limit)
        yield f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4}">round trip + sync</text>'


def _lines(scale: _Scale, points: Sequence[Figure]) -> Iterator[str]:
    below = 0.0
    for name, label, kind in LINES:
        places = [(scale.x(p.parameters["messages_per_s"]), scale.y(p.parameters[name])) for p in points]
        yield f'<polyline class="{kind}" points="{" ".join(f"{x},{y}" for x, y in places)}"/>'
        yield from (f'<circle class="{kind}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in places)
        x, y = places[-1]
        below = max(y, below + 16)  # the label of the lower line never on that of the upper
        yield f'<text class="{kind}" x="{x + 10}" y="{below + 4}">{label}</text>'


def _told(points: Sequence[Figure]) -> str:
    return "; ".join(
        f"at {number(point.parameters['messages_per_s'])} messages/s the median is "
        f"{number(point.parameters['end_to_end_p50_ms'])} ms and p99 {number(point.parameters['end_to_end_p99_ms'])} ms"
        for point in points
    )
