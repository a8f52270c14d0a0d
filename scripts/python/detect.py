#!/usr/bin/env python3
"""Finds clothes in mounted scenes, and tells the service which boxes it has found in each picture.

usage: detect.py MOUNT CLASS_FOLDERS URL NAME

A piece of clothing is what hangs together and is not background; its class is the nearest mean of the class
folders' images, each centred. What touches is taken for one piece, and what has a hole for two: real mistakes.
Standard library alone.
"""

import json
import math
import os
import sys

import nearest
import png

SIDE = 28
DARK = 16
# Pieces that are nearer than this are one.
GAP = 2
LEAST = 20


def pieces(rows):
    """Boxes (left, top, right, bottom) of what hangs together, those near each other as one."""
    height, width = len(rows), len(rows[0])
    seen = [bytearray(width) for _ in range(height)]
    boxes = []
    for top in range(height):
        for left in range(width):
            if rows[top][left] <= DARK or seen[top][left]:
                continue
            box, open_ends = [left, top, left, top], [(left, top)]
            seen[top][left] = 1
            while open_ends:
                x, y = open_ends.pop()
                box = [min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)]
                for near_x, near_y in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
                    if not (0 <= near_x < width and 0 <= near_y < height) or seen[near_y][near_x]:
                        continue
                    if rows[near_y][near_x] > DARK:
                        seen[near_y][near_x] = 1
                        open_ends.append((near_x, near_y))
            boxes.append(box)
    return [box for box in joined(boxes) if (box[2] - box[0] + 1) * (box[3] - box[1] + 1) >= LEAST]


def joined(boxes):
    boxes, is_done = list(boxes), False
    while not is_done:
        is_done = True
        for one in range(len(boxes)):
            for other in range(one + 1, len(boxes)):
                a, b = boxes[one], boxes[other]
                if max(a[0], b[0]) - min(a[2], b[2]) <= GAP and max(a[1], b[1]) - min(a[3], b[3]) <= GAP:
                    boxes[one] = [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]
                    del boxes[other]
                    is_done = False
                    break
            if not is_done:
                break
    return boxes


def features(rows, box):
    """Means of 4 × 4 pixels of the piece in the middle of a square."""
    left, top, right, bottom = box
    width, height = min(SIDE, right - left + 1), min(SIDE, bottom - top + 1)
    square = [bytearray(SIDE) for _ in range(SIDE)]
    x, y = (SIDE - width) // 2, (SIDE - height) // 2
    for line in range(height):
        square[y + line][x : x + width] = rows[top + line][left : left + width]
    step = nearest.BLOCK
    return [
        sum(sum(line[column : column + step]) for line in square[row : row + step]) / (255 * step * step)
        for row in range(0, SIDE, step)
        for column in range(0, SIDE, step)
    ]


def read(path):
    with open(path, "rb") as file:
        return png.decode(file.read())


def means(folders):
    """The mean of each class, of every fifth image."""
    images = []
    for label in sorted(entry.name for entry in os.scandir(folders) if entry.is_dir()):
        for name in sorted(os.listdir(os.path.join(folders, label)))[::5]:
            rows = read(os.path.join(folders, label, name))
            for box in pieces(rows)[:1]:
                images.append((name, label, features(rows, box)))
    return nearest.centres(images)


def guessed(rows, classes):
    found = []
    for number, box in enumerate(pieces(rows)):
        values = features(rows, box)
        near = {label: -4 * sum((a - b) ** 2 for a, b in zip(values, mean)) for label, mean in classes.items()}
        best = max(near, key=near.get)
        confidence = 1 / sum(math.exp(value - near[best]) for value in near.values())
        left, top, right, bottom = box
        sides = [left, top, right - left + 1, bottom - top + 1]
        found.append({"label": best, "box": sides, "form": "xywh", "key": str(number), "confidence": confidence})
    return found


def main():
    mount, folders, url, name = sys.argv[1:]
    with open(os.path.join(mount, ".veneer", "info.json"), encoding="utf-8") as file:
        info = json.load(file)
    classes = means(folders)
    begun = {"name": name, "dataset": info["dataset"], "ref": info["revision"], "parameters": {"detector": "pieces"}}
    run = nearest.ask("POST", f"{url}/v1/runs", begun)["name"]
    columns = {"sample": [], "boxes": [], "epoch": 0}
    for path, key in sorted(nearest.keys(url, info["dataset"], info["revision"]).items()):
        columns["sample"].append(key)
        columns["boxes"].append(guessed(read(os.path.join(mount, path)), classes))
    nearest.ask("PUT", f"{url}/v1/runs/{run}/batches/epoch-0", {"columns": columns})
    nearest.ask("PATCH", f"{url}/v1/runs/{run}", {"status": "finished"})
    print(f"run {run}: {sum(map(len, columns['boxes']))} boxes in {len(columns['sample'])} pictures")


if __name__ == "__main__":
    main()
