#!/usr/bin/env python3
"""Writes a folder of pictures and a CSV file of rows that nobody would wish for.

usage: odd_rows.py FOLDER

A picture is missing and one is broken; numbers are missing, not a number, infinite and huge; texts are a megabyte
long, from right to left, with heaps of combining marks, HTML, of two lines. Standard library alone; the folder
appears whole or not at all.
"""

import csv
import os
import shutil
import sys

import png

ROWS = 300


def picture(shade):
    return png.encode([bytes([shade, 255 - shade] * 8)] * 16)


def rows():
    texts = {
        2: "x" * 1_000_000,
        3: "مرحبا بالعالم",
        4: "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳",
        5: "<img src=x onerror=alert(1)>",
        6: 'a "quoted", and\na second line',
    }
    scores = {0: "", 1: "nan", 2: "inf", 3: "-inf", 4: "1e300", 5: "-0.0"}
    for row in range(ROWS):
        yield {
            "id": row,
            "image": f"{row:03}.png",
            "score": scores.get(row, f"{row / 7:.6f}"),
            "kind": "" if row % 50 == 0 else f"kind {row}",
            "text": texts.get(row, f"text {row}"),
        }


def main():
    folder = sys.argv[1]
    half_done = folder + ".new"
    shutil.rmtree(half_done, ignore_errors=True)
    os.makedirs(half_done)
    for row in range(ROWS):
        if row == 0:
            continue
        with open(os.path.join(half_done, f"{row:03}.png"), "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\nbut no more" if row == 1 else picture(row % 200))
    with open(os.path.join(half_done, "rows.csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, ["id", "image", "score", "kind", "text"], lineterminator="\n")
        out.writeheader()
        out.writerows(rows())
    os.rename(half_done, folder)


if __name__ == "__main__":
    main()
