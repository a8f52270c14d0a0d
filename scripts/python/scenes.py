#!/usr/bin/env python3
"""Composes scenes of several clothes out of class folders of PNG files, with their boxes and outlines in a
coco.json.

usage: scenes.py CLASS_FOLDERS FOLDER

Only the standard library is needed; the same images give the same scenes. The folder appears whole or not at all.
"""

import json
import os
import random
import shutil
import sys

import png

SCENES = 120
SIDE = 140
CELL = 35


def read(path):
    with open(path, "rb") as file:
        return png.decode(file.read())


def tight(rows):
    """The smallest box of pixels that are not background: x, y, width, height."""
    used = [y for y, row in enumerate(rows) if max(row) > 16]
    columns = [x for x in range(len(rows[0])) if any(row[x] > 16 for row in rows)]
    return columns[0], used[0], columns[-1] - columns[0] + 1, used[-1] - used[0] + 1


def outline(rows, every=3):
    """A polygon around what is not background, with corners in each so many rows: [x, y, x, y, …]."""
    left, right = [], []
    for y in range(0, len(rows), every):
        used = [x for x, value in enumerate(rows[y]) if value > 16]
        if used:
            left.append((used[0], y))
            right.append((used[-1] + 1, y))
    return [part for corner in left + right[::-1] for part in corner]


def scene(draw, samples):
    """Up to seven clothes, each in a cell of its own; their pixels and (class, box, outline)."""
    rows = [bytearray(SIDE) for _ in range(SIDE)]
    found = []
    cells = [(x, y) for x in range(0, SIDE, CELL) for y in range(0, SIDE, CELL)]
    for left, top in draw.sample(cells, draw.randrange(3, 8)):
        label, path = draw.choice(samples)
        picture = read(path)
        x, y = left + draw.randrange(CELL - 28), top + draw.randrange(CELL - 28)
        for at, row in enumerate(picture):
            rows[y + at][x : x + len(row)] = row
        dx, dy, width, height = tight(picture)
        corners = [part + (y if at % 2 else x) for at, part in enumerate(outline(picture))]
        found.append((label, [x + dx, y + dy, width, height], corners))
    return [bytes(row) for row in rows], found


def write(source, folder):
    classes = sorted(entry.name for entry in os.scandir(source) if entry.is_dir())
    samples = [(label, os.path.join(source, label, name)) for label in classes for name in sorted(os.listdir(os.path.join(source, label)))]
    draw = random.Random(28)
    os.makedirs(os.path.join(folder, "images"))
    images, annotations = [], []
    for number in range(SCENES):
        rows, found = scene(draw, samples)
        name = f"images/{number:04}.png"
        with open(os.path.join(folder, name), "wb") as file:
            file.write(png.encode(rows))
        images.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        for label, box, corners in found:
            area = box[2] * box[3]
            row = {"id": len(annotations) + 1, "image_id": number, "category_id": classes.index(label) + 1}
            annotations.append(row | {"segmentation": [corners], "bbox": box, "area": area, "iscrowd": 0})
    categories = [{"id": number, "name": label} for number, label in enumerate(classes, 1)]
    with open(os.path.join(folder, "coco.json"), "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": categories}, file)


def main():
    source, folder = sys.argv[1:]
    half_done = folder + ".new"
    shutil.rmtree(half_done, ignore_errors=True)
    write(source, half_done)
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
