#!/usr/bin/env python3
"""Turns a split of Fashion-MNIST into class folders of PNG files and a labels.csv.

usage: fashion_mnist.py IMAGES.gz LABELS.gz FOLDER [COUNT]

All of them, or the first COUNT. Only the standard library is needed. The folder appears whole or not at all.
"""

import csv
import gzip
import os
import shutil
import struct
import sys

import png

CLASSES = [
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle-boot",
]


def read(images_path, labels_path, wanted=None):
    """Yields (label, rows) of every sample, or of the first so many."""
    with gzip.open(images_path) as images, gzip.open(labels_path) as labels:
        _, count, height, width = struct.unpack(">IIII", images.read(16))
        if struct.unpack(">II", labels.read(8))[1] != count:
            raise ValueError("there are not as many labels as images")
        for _ in range(count if wanted is None else min(count, wanted)):
            pixels = images.read(height * width)
            yield labels.read(1)[0], [pixels[y * width : (y + 1) * width] for y in range(height)]


def write(samples, folder):
    for name in CLASSES:
        os.makedirs(os.path.join(folder, name))
    with open(os.path.join(folder, "labels.csv"), "w", newline="") as table:
        out = csv.writer(table, lineterminator="\n")
        out.writerow(["file", "label"])
        for number, (label, rows) in enumerate(samples):
            path = f"{CLASSES[label]}/{number:05}.png"
            with open(os.path.join(folder, path), "wb") as file:
                file.write(png.encode(rows))
            out.writerow([path, CLASSES[label]])


def main():
    images, labels, folder, *count = sys.argv[1:]
    half_done = folder + ".new"
    shutil.rmtree(half_done, ignore_errors=True)
    write(read(images, labels, *map(int, count)), half_done)
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
