#!/usr/bin/env python3
"""Reads labels.csv as a training script would, and counts the labels.

usage: labels.py FOLDER

It knows nothing of Veneer: it is the csv module and a folder.
"""

import collections
import csv
import os
import sys


def main():
    with open(os.path.join(sys.argv[1], "labels.csv"), newline="") as file:
        counts = collections.Counter(row["label"] for row in csv.DictReader(file))
    for label, count in sorted(counts.items()):
        print(f"{label:<12} {count:>6} rows")
    print(f"{'all':<12} {sum(counts.values()):>6} rows")


if __name__ == "__main__":
    main()
