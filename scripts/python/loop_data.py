#!/usr/bin/env python3
"""Divides a split of Fashion-MNIST into class folders of PNG files to train on, and others to test with.

usage: loop_data.py IMAGES.gz LABELS.gz FOLDER COUNT

FOLDER/train has the first COUNT images, FOLDER/test the rest. The folder appears whole or not at all.
"""

import os
import shutil
import sys

import fashion_mnist
import png


def main():
    images, labels, folder, count = sys.argv[1:]
    half_done = folder + ".new"
    shutil.rmtree(half_done, ignore_errors=True)
    for part in ("train", "test"):
        for name in fashion_mnist.CLASSES:
            os.makedirs(os.path.join(half_done, part, name))
    for number, (label, rows) in enumerate(fashion_mnist.read(images, labels)):
        part = "train" if number < int(count) else "test"
        with open(os.path.join(half_done, part, fashion_mnist.CLASSES[label], f"{number:05}.png"), "wb") as file:
            file.write(png.encode(rows))
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
