#!/usr/bin/env python3
"""Writes a COCO file of detections, masks and notes, in one of the ways in which Python writes JSON.

usage: write_coco.py compact|default|indented|raw SEED ANNOTATIONS FILE
"""

import json
import random
import sys

STYLES = {
    "compact": {"separators": (",", ":")},
    "default": {},
    "indented": {"indent": 1},
    "raw": {"ensure_ascii": False, "sort_keys": True},
}


def annotation(key, images, rng):
    x, y, width, height = (round(rng.uniform(0, 40), rng.choice((0, 1, 4))) for _ in range(4))
    polygon = [x, y, x + width + 2, y, x, y + height + 2]
    mask = {"counts": [20, 44], "size": [8, 8]}
    row = {"id": key, "image_id": rng.randrange(1, images + 1), "category_id": rng.choice((1, 3, 90))}
    row["segmentation"] = mask if rng.random() < 0.1 else [polygon]
    row |= {"area": width * height, "bbox": [x, y, width, height], "iscrowd": 0}
    if rng.random() < 0.2:
        row["note"] = rng.choice(("B\u00e4r", 'a "b"\n', "\U0001f600 ]}", None))
    if rng.random() < 0.1:
        row["attributes"] = {"occluded": rng.random() < 0.5, "deep": [[1], {"x": 1e-7}]}
    return row


def main():
    style, seed, count, path = sys.argv[1:]
    rng = random.Random(int(seed))
    images = max(1, int(count) // 8)
    keys = rng.sample(range(1, 10 * int(count)), int(count))
    data = {
        "info": {"description": "made", "year": 2024},
        "images": [{"id": key, "file_name": f"{key:06}.jpg", "width": 64, "height": 64} for key in range(1, images + 1)],
        "annotations": [annotation(key, images, rng) for key in keys],
        "categories": [{"id": key, "name": name} for key, name in ((1, "person"), (3, "car"), (90, "B\u00e4r"))],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, **STYLES[style])


if __name__ == "__main__":
    main()
