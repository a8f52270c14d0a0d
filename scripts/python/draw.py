#!/usr/bin/env python3
"""Writes a small grey PNG, a disc, to standard output.

usage: draw.py SIDE
"""

import sys

import png


def main():
    side = int(sys.argv[1])
    middle = (side - 1) / 2
    rows = [
        bytes(255 if (x - middle) ** 2 + (y - middle) ** 2 < middle**2 / 2 else 0 for x in range(side))
        for y in range(side)
    ]
    sys.stdout.buffer.write(png.encode(rows))


if __name__ == "__main__":
    main()
