#!/usr/bin/env python3
"""Writes a COCO dataset of one large picture with many boxes on it.

usage: many_boxes.py BOXES FOLDER

Only the standard library is needed; the folder appears whole or not at all.
"""

import json
import os
import random
import shutil
import sys

import png

WIDTH, HEIGHT = 1600, 1200


def main():
    count, folder = int(sys.argv[1]), sys.argv[2]
    half_done = folder + ".new"
    shutil.rmtree(half_done, ignore_errors=True)
    os.makedirs(os.path.join(half_done, "images"))
    rows = [bytes((x * 5 + y * 3) // 40 % 96 + 32 for x in range(WIDTH)) for y in range(HEIGHT)]
    with open(os.path.join(half_done, "images", "0.png"), "wb") as file:
        file.write(png.encode(rows))
    draw = random.Random(28)
    annotations = []
    for number in range(1, count + 1):
        width, height = draw.randrange(8, 60), draw.randrange(8, 60)
        box = [draw.randrange(WIDTH - width), draw.randrange(HEIGHT - height), width, height]
        row = {"id": number, "image_id": 1, "category_id": draw.randrange(1, 9), "bbox": box, "area": width * height}
        annotations.append(row | {"iscrowd": 0})
    data = {
        "images": [{"id": 1, "file_name": "images/0.png", "width": WIDTH, "height": HEIGHT}],
        "annotations": annotations,
        "categories": [{"id": number, "name": f"kind {number}"} for number in range(1, 9)],
    }
    with open(os.path.join(half_done, "coco.json"), "w", encoding="utf-8") as file:
        json.dump(data, file)
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
