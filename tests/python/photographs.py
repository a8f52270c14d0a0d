#!/usr/bin/env python3
"""Makes JPEGs of about 110 KB that look like nothing in particular: soft shapes under fine grain.

usage: photographs.py FOLDER COUNT
"""

import os
import sys

import numpy
from PIL import Image

WIDTH, HEIGHT = 640, 480


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    half_done = folder + ".new"
    os.makedirs(half_done, exist_ok=True)
    for number in range(count):
        random = numpy.random.default_rng(number)
        coarse = random.integers(0, 256, (6, 8, 3), dtype=numpy.uint8)
        soft = numpy.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC), dtype=numpy.int16)
        grain = random.normal(0, 14, soft.shape).astype(numpy.int16)
        pixels = numpy.clip(soft + grain, 0, 255).astype(numpy.uint8)
        Image.fromarray(pixels).save(f"{half_done}/{number:04}.jpg", quality=82)
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
