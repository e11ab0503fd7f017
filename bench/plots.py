"""Lines on two logarithmic axes, as SVG that needs nothing else."""

import math
from dataclasses import dataclass
from html import escape

from results import spaced

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 84, 250, 54, 62
LABEL_GAP = 17
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-size: 16px; font-weight: 600 }
  .grid { stroke: #e4e4e4 }
  .axis { stroke: #888 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
"""
UNITS = ((1, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s"))


@dataclass(frozen=True)
class Line:
    label: str
    points: list  # of (x, nanoseconds), by x
    color: str
    dashed: bool = False


def decades(values):
    """The powers of ten that hold all values, at least one decade apart."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def time_label(power):
    size, unit = next(each for each in reversed(UNITS) if 10**power >= each[0] or each[0] == 1)
    return f"{10**power / size:g} {unit}"


def spread(wanted):
    """Places near the wanted ones, in their order, that leave room for a label each."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    for above, below in zip(order, order[1:]):
        placed[below] = max(placed[below], placed[above] + LABEL_GAP)
    lowest = HEIGHT - BOTTOM
    for i in reversed(order):
        placed[i] = min(placed[i], lowest)
        lowest = placed[i] - LABEL_GAP
    return placed


def log_log(title, x_title, lines):
    """The picture; lines without points are left out."""
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    x_low, x_high = decades([x for line in lines for x, _ in line.points])
    y_low, y_high = decades([y for line in lines for _, y in line.points])

    def x_at(value):
        return LEFT + (math.log10(value) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def y_at(value):
        return HEIGHT - BOTTOM - (math.log10(value) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="28">{escape(title)}</text>',
    ]
    for power in range(x_low, x_high + 1):
        x = x_at(10**power)
        out.append(f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 22}" text-anchor="middle">{spaced(10**power)}</text>')
    for power in range(y_low, y_high + 1):
        y = y_at(10**power)
        out.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
        out.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{time_label(power)}</text>')
    out.append(f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}" fill="none"/>')
    out.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_title)}</text>')
    out.append(
        f'<text transform="translate(20 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">time of one call</text>'
    )
    labels = spread([y_at(line.points[-1][1]) for line in lines])
    for line, label_y in zip(lines, labels):
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        path = "L".join(f"{x_at(x):.1f} {y_at(y):.1f}" for x, y in line.points)
        out.append(f'<path class="line" stroke="{line.color}"{dash} d="M{path}"/>')
        for x, y in line.points:
            out.append(f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3" fill="{line.color}"/>')
        last_x, last_y = (x_at(line.points[-1][0]), y_at(line.points[-1][1]))
        out.append(
            f'<path stroke="{line.color}" stroke-width="0.7" opacity="0.6" fill="none" '
            f'd="M{last_x + 5:.1f} {last_y:.1f}L{right + 12} {label_y:.1f}h4"/>'
        )
        style = f'x="{right + 20}" y="{label_y + 4:.1f}" style="fill:{line.color}"'
        out.append(f"<text {style}>{escape(line.label)}</text>")
    out.append("</svg>\n")
    return "\n".join(out)
