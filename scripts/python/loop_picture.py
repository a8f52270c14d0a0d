#!/usr/bin/env python3
"""Draws what scripts/loop measured: the test accuracy of each seed and the means, as SVG.

usage: loop_picture.py RESULT.json PICTURE.svg
"""

import json
import statistics
import sys

NAMES = {
    "published": "as published",
    "before": "10 % damaged",
    "random": "reviewed at random",
    "after": "reviewed by suspicion",
}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 340, 64, 24, 48
INK, DOT, MEAN = "#333", "#8aa4c8", "#1f4e8c"


def picture(seeds):
    values = [100 * one[name] for one in seeds for name in NAMES]
    low, high = int(min(values)), int(max(values)) + 1

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    step = (WIDTH - LEFT) / len(NAMES)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for percent in range(low, high + 1):
        at = y(percent)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{at + 4:.1f}" text-anchor="end" fill="{INK}">{percent} %</text>')
    for one in seeds:
        places = " ".join(f"{LEFT + step * (at + 0.5):.1f},{y(100 * one[name]):.1f}" for at, name in enumerate(NAMES))
        parts.append(f'<polyline points="{places}" fill="none" stroke="{DOT}" stroke-opacity="0.5"/>')
    for at, (name, title) in enumerate(NAMES.items()):
        x, mean = LEFT + step * (at + 0.5), 100 * statistics.mean(one[name] for one in seeds)
        height, sides = y(mean), f'x1="{x - 26:.1f}" x2="{x + 26:.1f}"'
        parts += [f'<circle cx="{x:.1f}" cy="{y(100 * one[name]):.1f}" r="4" fill="{DOT}"/>' for one in seeds]
        parts.append(f'<line {sides} y1="{height:.1f}" y2="{height:.1f}" stroke="{MEAN}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 32:.1f}" y="{height + 4:.1f}" fill="{MEAN}">{mean:.1f}</text>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 18}" text-anchor="middle" fill="{INK}">{title}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    result, out = sys.argv[1:]
    with open(result, encoding="utf-8") as file:
        seeds = json.load(file)["seeds"]
    with open(out, "w", encoding="utf-8") as file:
        file.write(picture(seeds))


if __name__ == "__main__":
    main()
