#!/usr/bin/env python3
"""Writes a Parquet file of many rows as a model would see them: nine columns, two of them an embedding in the plane.

usage: big_table.py ROWS FILE

The same number of rows gives the same file. It needs numpy and pyarrow.
"""

import os
import sys

import numpy
import pyarrow
import pyarrow.parquet

CLASSES = [f"class-{number:02}" for number in range(12)]
FIRST_DAY = numpy.datetime64("2024-01-01T00:00:00", "ms")


def columns(rows):
    draw = numpy.random.default_rng(28)
    label = draw.integers(0, len(CLASSES), rows)
    is_wrong = draw.random(rows) < 0.08
    predicted = numpy.where(is_wrong, draw.integers(0, len(CLASSES), rows), label)
    angle = label * (2 * numpy.pi / len(CLASSES))
    # What is taken for another class lies on the way to it.
    spread = numpy.where(is_wrong, 1.6, 0.9)
    confidence = numpy.clip(draw.beta(6, 2, rows) - 0.25 * is_wrong, 0.01, 0.999)
    classes = pyarrow.array(CLASSES)
    return {
        "id": pyarrow.array(numpy.arange(rows)),
        "name": pyarrow.array([f"shot/{number * 2654435761 % 2**32:08x}-{number}.png" for number in range(rows)]),
        "label": pyarrow.DictionaryArray.from_arrays(pyarrow.array(label, pyarrow.int32()), classes),
        "predicted": pyarrow.DictionaryArray.from_arrays(pyarrow.array(predicted, pyarrow.int32()), classes),
        "x": pyarrow.array((4 * numpy.cos(angle) + spread * draw.standard_normal(rows)).astype("float32")),
        "y": pyarrow.array((4 * numpy.sin(angle) + spread * draw.standard_normal(rows)).astype("float32")),
        "loss": pyarrow.array((-numpy.log(confidence) + 2.5 * is_wrong * draw.random(rows)).astype("float32")),
        "confidence": pyarrow.array(confidence.astype("float32")),
        "taken_at": pyarrow.array(FIRST_DAY + draw.integers(0, 86_400_000 * 365, rows)),
    }


def main():
    rows, path = int(sys.argv[1]), sys.argv[2]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    table = pyarrow.table(columns(rows))
    pyarrow.parquet.write_table(table, path + ".new", row_group_size=131_072)
    os.rename(path + ".new", path)


if __name__ == "__main__":
    main()
