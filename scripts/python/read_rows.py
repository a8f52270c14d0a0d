#!/usr/bin/env python3
"""Prints the rows of a file as JSON, as a reader sees them that Veneer's authors did not write.

usage: read_rows.py coco|yaml|labels|voc FILE
"""

import contextlib
import io
import json
import sys


def coco(path):
    from pycocotools.coco import COCO

    with open(path, encoding="utf-8-sig") as file:
        data = json.load(file)
    # It tells of its work on stdout, which is ours.
    with contextlib.redirect_stdout(io.StringIO()):
        index = COCO(path)
        areas = {key: int(index.annToMask(ann).sum()) for key, ann in index.anns.items() if ann.get("segmentation")}
    data["anns_by_id"] = {str(key): ann for key, ann in index.anns.items()}
    data["mask_areas"] = {str(key): area for key, area in areas.items()}
    data["class_names"] = [category["name"] for category in index.loadCats(index.getCatIds())]
    return data


def yaml(path):
    from yaml import safe_load

    with open(path, encoding="utf-8", newline="") as file:
        return safe_load(file)


def labels(path):
    with open(path, encoding="utf-8") as file:
        return [[float(word) for word in line.split()] for line in file if line.strip()]


def voc(path):
    from lxml import etree

    root = etree.parse(path).getroot()
    sides = ("xmin", "ymin", "xmax", "ymax")
    rows = []
    for element in root.findall("object"):
        row = {child.tag: child.text or "" for child in element if len(child) == 0}
        box = element.find("bndbox")
        if box is not None:
            row["box"] = [float(box.findtext(side)) for side in sides]
        rows.append(row)
    return {"objects": rows, "filename": root.findtext("filename")}


if __name__ == "__main__":
    readers = {"coco": coco, "yaml": yaml, "labels": labels, "voc": voc}
    json.dump(readers[sys.argv[1]](sys.argv[2]), sys.stdout)
