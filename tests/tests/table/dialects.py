"""Writes CSV files of many kinds with Python's own writer, and reads files back with its readers.

    dialects.py write FOLDER     files, and FOLDER/rows.json: what is in them
    dialects.py read FOLDER      what the csv module finds in each file, as JSON
    dialects.py pandas FOLDER    what pandas finds
    dialects.py default FOLDER   what the csv module finds in FOLDER/file.csv if it is told nothing, and pandas if it is there
"""

import csv
import json
import random
import sys

DIALECTS = {
    "plain": dict(),
    "unix": dict(lineterminator="\n"),
    "all": dict(quoting=csv.QUOTE_ALL, lineterminator="\n"),
    "nonnumeric": dict(quoting=csv.QUOTE_NONNUMERIC),
    "excel-de": dict(delimiter=";", encoding="cp1252"),
    "tsv": dict(delimiter="\t", lineterminator="\n", encoding="utf-8-sig"),
    "pipe": dict(delimiter="|", lineterminator="\n"),
    "utf16": dict(encoding="utf-16"),
    "utf16-be": dict(delimiter="\t", encoding="utf-16-be", lineterminator="\n"),
    "latin1": dict(encoding="latin-1", lineterminator="\n"),
    "backslash": dict(doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL, lineterminator="\n"),
    "single": dict(quotechar="'", quoting=csv.QUOTE_ALL, lineterminator="\n"),
}
WORDS = ["car", "a, b", "semi; colon", "tab\there", "pipe|d", 'say "no"', "two\nlines", "dos\r\nlines", " spaces ", "",
         "näïve", "it's", "back\\slash", "007", "1e5x", "-"]


def options(name):
    kept = dict(DIALECTS[name])
    return kept.pop("encoding", "utf-8"), kept


def write(folder):
    draw = random.Random(7)
    told = {}
    for name in DIALECTS:
        encoding, dialect = options(name)
        words = WORDS if name != "single" else [word.replace('"', "") for word in WORDS]
        rows = [["id", "label", "x", "note"]]
        rows += [[n, draw.choice(words), round(draw.uniform(-9, 9), 3), draw.choice(words)] for n in range(1, 400)]
        with open(f"{folder}/{name}.csv", "w", encoding=encoding, newline="") as file:
            csv.writer(file, **dialect).writerows(rows)
        told[name] = [[str(cell) for cell in row] for row in rows]
    with open(f"{folder}/rows.json", "w") as file:
        json.dump(told, file)


def read(folder):
    found = {}
    for name in DIALECTS:
        encoding, dialect = options(name)
        dialect.pop("lineterminator", None)
        if dialect.get("quoting") == csv.QUOTE_NONNUMERIC:
            dialect.pop("quoting")
        with open(f"{folder}/{name}.csv", encoding=encoding, newline="") as file:
            found[name] = [row for row in csv.reader(file, **dialect) if row]
    json.dump(found, sys.stdout)


def read_by_pandas(folder):
    import pandas

    found = {}
    for name in DIALECTS:
        encoding, dialect = options(name)
        sep = dialect.pop("delimiter", ",")
        for key in ("lineterminator", "quoting"):
            dialect.pop(key, None)
        frame = pandas.read_csv(f"{folder}/{name}.csv", sep=sep, encoding=encoding, dtype=str, keep_default_na=False, **dialect)
        found[name] = [list(frame.columns)] + frame.values.tolist()
    json.dump(found, sys.stdout)


def read_by_default(folder):
    found = {}
    with open(f"{folder}/file.csv", newline="") as file:
        found["csv"] = list(csv.reader(file))
    try:
        import pandas
    except ImportError:
        pass
    else:
        frame = pandas.read_csv(f"{folder}/file.csv", dtype=str, keep_default_na=False)
        found["pandas"] = [list(frame.columns)] + frame.values.tolist()
    json.dump(found, sys.stdout)


{"default": read_by_default, "write": write, "read": read, "pandas": read_by_pandas}[sys.argv[1]](sys.argv[2])
