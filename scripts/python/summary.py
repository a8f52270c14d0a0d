#!/usr/bin/env python3
"""Reads class folders of images as a training script would, and sums them up.

usage: summary.py FOLDER

It knows nothing of Veneer: it lists folders, opens files, and decodes pixels.
"""

import os
import sys

import png


def main():
    folder = sys.argv[1]
    total = 0
    for label in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()):
        sums = pixels = count = 0
        for entry in os.scandir(os.path.join(folder, label)):
            with open(entry.path, "rb") as file:
                rows = png.decode(file.read())
            sums += sum(map(sum, rows))
            pixels += sum(map(len, rows))
            count += 1
        total += count
        print(f"{label:<12} {count:>6} images, mean pixel {sums / max(pixels, 1):6.2f}")
    print(f"{'all':<12} {total:>6} images")


if __name__ == "__main__":
    main()
