#!/usr/bin/env python3
"""Reads a COCO dataset as a detector's data loader would, and prints the boxes of one image.

usage: boxes.py FOLDER FILE_NAME

It knows nothing of Veneer: it is the json module, a folder, and the pixels under each box.
"""

import json
import os
import sys

import png


def main():
    folder, name = sys.argv[1:]
    with open(os.path.join(folder, "coco.json")) as file:
        data = json.load(file)
    classes = {category["id"]: category["name"] for category in data["categories"]}
    image = next(image for image in data["images"] if image["file_name"] == name)
    with open(os.path.join(folder, name), "rb") as file:
        rows = png.decode(file.read())
    for annotation in data["annotations"]:
        if annotation["image_id"] != image["id"]:
            continue
        x, y, width, height = annotation["bbox"]
        inside = [row[round(x) : round(x + width)] for row in rows[round(y) : round(y + height)]]
        mean = sum(map(sum, inside)) / max(sum(map(len, inside)), 1)
        box = f"{x:g},{y:g} {width:g}x{height:g}"
        print(f"{annotation['id']:>4} {classes[annotation['category_id']]:<12} at {box:<16} mean pixel {mean:6.2f}")
    print(f"{len(data['annotations'])} boxes in {len(data['images'])} images")


if __name__ == "__main__":
    main()
