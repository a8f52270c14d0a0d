#!/usr/bin/env python3
"""Writes Parquet and Arrow files as other programs do, and judges what became of them.

usage: columnar.py write FOLDER
       columnar.py judge FOLDER

`write` makes files that show every side of the formats. `judge` reads, for each line
of FOLDER/cases.jsonl, a file before and after edits with every reader that there is,
and fails unless the file after is the one before with exactly these edits.
"""

import datetime
import decimal
import json
import os
import sys

import duckdb
import fastparquet
import numpy
import pandas
import polars
import polars.testing
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq

ROWS = 5000


def plain(rows=ROWS, seed=7):
    """A table of plain types, each with nulls but the first."""
    rng = numpy.random.default_rng(seed)
    words = numpy.array(["car", "bus", "bicycle", "pedestrian", "ünïcode", ""])
    gap = lambda: rng.random(rows) < 0.1
    return pa.table(
        {
            "id": pa.array(numpy.arange(rows), pa.int64()),
            "label": pa.array(words[rng.integers(0, len(words), rows)], pa.string(), mask=gap()),
            "weight": pa.array(rng.random(rows), pa.float64(), mask=gap()),
            "small": pa.array(rng.integers(-100, 100, rows), pa.int8(), mask=gap()),
            "count": pa.array(rng.integers(0, 2**31, rows), pa.uint32(), mask=gap()),
            "single": pa.array(rng.random(rows).astype("f4"), pa.float32(), mask=gap()),
            "flag": pa.array(rng.random(rows) < 0.5, pa.bool_(), mask=gap()),
            "text": pa.array([f"note {n % 977} {'x' * (n % 40)}" for n in range(rows)], pa.string(), mask=gap()),
        }
    )


def odd(rows=ROWS):
    """Times, decimals, binaries, nested columns."""
    at = [datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=37 * n) for n in range(rows)]
    none = lambda values, n=11: [None if at % n == 3 else value for at, value in enumerate(values)]
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "day": pa.array(none([moment.date() for moment in at]), pa.date32()),
            "ms": pa.array(none(at), pa.timestamp("ms")),
            "us": pa.array(none(at), pa.timestamp("us", "UTC")),
            "ns": pa.array(none(at), pa.timestamp("ns", "Europe/Paris")),
            "clock": pa.array(none([moment.time() for moment in at]), pa.time64("us")),
            "price": pa.array(none([decimal.Decimal(n) / 100 for n in range(rows)]), pa.decimal128(9, 2)),
            "large": pa.array(none([decimal.Decimal(n * n) / 1000 for n in range(rows)]), pa.decimal128(30, 3)),
            "bytes": pa.array(none([bytes([n % 256, 0, 255]) for n in range(rows)]), pa.binary()),
            "fixed": pa.array(none([bytes([n % 256] * 4) for n in range(rows)]), pa.binary(4)),
            "big": pa.array([2**63 + n for n in range(rows)], pa.uint64()),
            "half": pa.array(numpy.arange(rows).astype("f2"), pa.float16()),
            "box": pa.array(none([[float(n), 1.0, 2.0, 3.5][: n % 5] for n in range(rows)]), pa.list_(pa.float32())),
            "embedding": pa.array([[float(n), 0.5, -1.0] for n in range(rows)], pa.list_(pa.float32(), 3)),
            "polygons": pa.array(
                none([[[n, 1, None], [], None][: n % 4] for n in range(rows)]), pa.list_(pa.list_(pa.int32()))
            ),
            "point": pa.array(
                none([{"x": n, "y": None if n % 2 else str(n)} for n in range(rows)]),
                pa.struct([("x", pa.int32()), ("y", pa.string())]),
            ),
            "tags": pa.array(
                none([[("k" + str(m), m) for m in range(n % 3)] for n in range(rows)]), pa.map_(pa.string(), pa.int64())
            ),
        }
    )


def write(folder):
    at = lambda name: os.path.join(folder, name)
    small = plain()
    for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
        for version in ["1.0", "2.0"]:
            for has_dictionary in [True, False]:
                name = f"codec-{codec}-v{version[0]}-{'dictionary' if has_dictionary else 'plain'}.parquet"
                pq.write_table(
                    small,
                    at(name),
                    compression=codec,
                    data_page_version=version,
                    use_dictionary=has_dictionary,
                    row_group_size=2000,
                    write_page_index=codec in ("snappy", "zstd"),
                    write_page_checksum=codec == "gzip",
                    data_page_size=4096,
                )
    encodings = {
        "id": "DELTA_BINARY_PACKED",
        "label": "DELTA_LENGTH_BYTE_ARRAY",
        "weight": "BYTE_STREAM_SPLIT",
        "single": "BYTE_STREAM_SPLIT",
        "text": "DELTA_BYTE_ARRAY",
        "flag": "RLE",
    }
    pq.write_table(small, at("encodings.parquet"), use_dictionary=False, column_encoding=encodings, version="2.6")
    bloom = {"bloom_filter_options": {"id": {"ndv": 5000}, "label": {"ndv": 10}}}
    try:
        pq.write_table(small, at("bloom.parquet"), row_group_size=1500, write_page_index=True, **bloom)
    except TypeError:
        print("this pyarrow writes no bloom filters")
    pq.write_table(odd(), at("odd.parquet"), row_group_size=1700, write_page_index=True)
    pq.write_table(odd(), at("odd-v2.parquet"), data_page_version="2.0", compression="zstd", use_compliant_nested_type=False)
    pq.write_table(odd(900).select(["id", "day", "us"]), at("int96.parquet"), use_deprecated_int96_timestamps=True)
    pq.write_table(small.slice(0, 0), at("empty.parquet"))
    pq.write_table(pa.table({"n": pa.array(range(10_000), pa.int32())}), at("groups.parquet"), row_group_size=1)
    notes = {b"mine": b"yes", b"long": b"x" * 70_000}
    pq.write_table(small.replace_schema_metadata(notes), at("notes.parquet"), sorting_columns=[pq.SortingColumn(0)])
    required = pa.schema([pa.field("a", pa.int32(), nullable=False), pa.field("b", pa.list_(pa.field("item", pa.string(), nullable=False)), nullable=False)])
    pq.write_table(pa.table({"a": range(100), "b": [["x"] * (n % 3) for n in range(100)]}, schema=required), at("required.parquet"))
    categories = small.set_column(1, "label", small["label"].dictionary_encode())
    pq.write_table(categories, at("categories.parquet"), row_group_size=2500)
    frame = small.to_pandas()
    frame.to_parquet(at("pandas.parquet"), index=False)
    fastparquet.write(at("fast-snappy.parquet"), frame.drop(columns=["count"]), compression="SNAPPY", row_group_offsets=1500)
    fastparquet.write(at("fast-plain.parquet"), frame[["id", "weight", "text"]], object_encoding="utf8", stats=True)
    with duckdb.connect() as database:
        database.register("small", small)
        database.register("odd", odd().drop_columns(["half"]))
        for codec in ["snappy", "zstd", "lz4_raw"]:
            target = at(f"duck-{codec}.parquet")
            database.execute(f"copy small to '{target}' (format parquet, codec '{codec}', row_group_size 2048)")
        database.execute(f"copy small to '{at('duck-v2.parquet')}' (format parquet, parquet_version v2)")
        database.execute(f"copy odd to '{at('duck-odd.parquet')}' (format parquet)")
    polars.from_arrow(small).write_parquet(at("polars.parquet"), row_group_size=2000, data_page_size=4096)
    write_arrow(folder, small)


def write_arrow(folder, small):
    at = lambda name: os.path.join(folder, name)
    nested = odd(2000)
    categories = small.set_column(1, "label", small["label"].dictionary_encode())
    for codec in ["uncompressed", "lz4", "zstd"]:
        feather.write_feather(small, at(f"feather-{codec}.arrow"), compression=codec, chunksize=1200)
        feather.write_feather(nested, at(f"nested-{codec}.arrow"), compression=codec, chunksize=700)
        feather.write_feather(categories, at(f"categories-{codec}.arrow"), compression=codec, chunksize=1200)
    for name, table in [("plain", small), ("nested", nested), ("categories", categories)]:
        options = pa.ipc.IpcWriteOptions(compression="zstd" if name == "nested" else None)
        with pa.ipc.new_stream(at(f"stream-{name}.arrow"), table.schema, options=options) as stream:
            stream.write_table(table, max_chunksize=900)
    with pa.ipc.new_file(at("deltas.arrow"), categories.schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as file:
        words = ["car", "bus"]
        for start in range(0, 3000, 1000):
            words = words + [f"word {start}"]
            part = categories.slice(start, 1000)
            labels = pa.DictionaryArray.from_arrays(pa.array(numpy.arange(1000) % len(words), pa.int32()), words)
            file.write_batch(part.set_column(1, "label", labels).combine_chunks().to_batches()[0])
    feather.write_feather(small.slice(0, 0), at("empty.arrow"), compression="uncompressed")
    if hasattr(feather, "write_feather"):
        try:
            feather.write_feather(small.to_pandas()[["id", "weight"]], at("v1.feather1"), version=1)
        except ValueError:
            print("this pyarrow writes no Feather V1")
    polars.from_arrow(small).write_ipc(at("polars.arrow"), compression="lz4")


def scalar(value, kind):
    """The Python value of a value as the edits have it."""
    if value is None:
        return None
    if pa.types.is_dictionary(kind):
        return scalar(value, kind.value_type)
    if pa.types.is_decimal(kind):
        return decimal.Decimal(value)
    if pa.types.is_time(kind):
        return datetime.time.fromisoformat(value)
    if pa.types.is_temporal(kind):
        text = pa.array([value.removesuffix("Z")])
        if pa.types.is_timestamp(kind) and kind.tz:
            return text.cast(pa.timestamp(kind.unit)).cast(pa.int64()).cast(kind)[0].as_py()
        return text.cast(kind)[0].as_py()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return bytes(value)
    if pa.types.is_map(kind):
        return [(scalar(pair["key"], kind.key_type), scalar(pair["value"], kind.item_type)) for pair in value]
    if pa.types.is_struct(kind):
        return {field.name: scalar(value[field.name], field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [scalar(item, kind.value_type) for item in value]
    if pa.types.is_floating(kind) and isinstance(value, str):
        return float(value)
    if pa.types.is_integer(kind):
        return int(value)
    return value


def edited(before, case):
    """The table with the edits of the case, made without Veneer."""
    names = before.column_names
    columns = {}
    for name in names:
        kind = before.schema.field(name).type
        values = before[name].to_pylist()
        for row, column, value in case["sets"]:
            if column == name:
                values[row] = scalar(value, kind)
        after = []
        gone = set(case["deletes"])
        inserts = {}
        for place, cells in case["inserts"]:
            inserts.setdefault(place, []).append(scalar(cells[name], kind))
        after.extend(inserts.get(None, []))
        for row, value in enumerate(values):
            if row not in gone:
                after.append(value)
            after.extend(inserts.get(row, []))
        if pa.types.is_dictionary(kind):
            columns[name] = pa.array(after, kind.value_type).cast(kind)
        else:
            columns[name] = pa.array(after, kind)
    return pa.table(columns, schema=before.schema)


def same(a, b):
    """Whether two tables hold the same; NaN is NaN."""
    if not a.schema.equals(b.schema, check_metadata=True) or a.num_rows != b.num_rows:
        return False
    return all(repr(x.to_pylist()) == repr(y.to_pylist()) for x, y in zip(a.columns, b.columns))


def judge_parquet(case, before, after):
    expect = edited(pq.read_table(before), case)
    found = pq.read_table(after, page_checksum_verification=True)
    assert same(found, expect), "pyarrow reads other rows"
    assert pq.ParquetFile(after).metadata.metadata == pq.ParquetFile(before).metadata.metadata, "notes are lost"
    assert same(pq.read_table(after, use_threads=False, pre_buffer=False), expect)
    is_slow = case["name"] == "groups"
    for name in [] if is_slow else expect.column_names:
        kind = expect.schema.field(name).type
        if kind in (pa.int64(), pa.int32(), pa.string(), pa.float64(), pa.timestamp("us", "UTC"), pa.decimal128(9, 2)):
            for value in {row[2] if row[1] == name else None for row in case["sets"]} | {None}:
                filters(case, expect, after, name, scalar(value, kind))
    other = after + ".expected"
    pq.write_table(expect, other)
    with duckdb.connect() as database:
        count = database.execute(f"select count(*) from '{after}'").fetchone()[0]
        assert count == expect.num_rows, "DuckDB counts other rows"
        for a, b in [(after, other), (other, after)]:
            query = f"select * from read_parquet('{a}') except all select * from read_parquet('{b}') limit 1"
            lost = database.execute(query).fetchall()
            assert not lost, f"DuckDB reads other rows: {lost}"
    if "half" not in expect.column_names:
        one, two = polars.read_parquet(after), polars.read_parquet(other)
        polars.testing.assert_frame_equal(one, two.cast(one.schema), check_exact=True)
    flat = not any(pa.types.is_nested(field.type) for field in expect.schema)
    # It cannot read all that others write (a null where pandas said `int64`, say): it judges
    # what it reads right before the edits, and as pyarrow writes it after them.
    if flat and not is_slow and fast_reads(before, pq.read_table(before)) and fast_reads(other, expect):
        assert fast_reads(after, expect), "fastparquet reads other rows"
        case["fast"] = True
    os.remove(other)


def fast_reads(path, expect):
    try:
        frame = fastparquet.ParquetFile(path).to_pandas()
    except Exception:
        return False
    tidy = lambda values: [None if pandas.isna(value) else value for value in values]
    return all(tidy(frame[name].tolist()) == tidy(expect[name].to_pylist()) for name in expect.column_names)


def filters(case, expect, after, name, value):
    """Readers that pass over row groups and pages by their statistics find the same."""
    column = expect[name]
    if value is None:
        if not len(column.drop_null()):
            return
        value = column.drop_null()[len(column.drop_null()) // 2].as_py()
    want = pc.sum(pc.equal(column, pa.scalar(value, column.type))).as_py() or 0
    found = pq.read_table(after, filters=[(name, "==", value)], columns=[name]).num_rows
    assert found == want, f"pyarrow finds {found} of {want} where {name} is {value!r}"
    with duckdb.connect() as database:
        query = f'select count(*) from read_parquet(\'{after}\') where "{name}" = ?::{DUCK.get(column.type, "varchar")}'
        if column.type in DUCK:
            found = database.execute(query, [value]).fetchone()[0]
            assert found == want, f"DuckDB finds {found} of {want} where {name} is {value!r}"
    if column.type in DUCK:
        found = polars.scan_parquet(after).filter(polars.col(name) == value).select(name).collect().height
        assert found == want, f"polars finds {found} of {want} where {name} is {value!r}"


DUCK = {pa.int64(): "bigint", pa.int32(): "integer", pa.string(): "varchar", pa.float64(): "double"}


def read_arrow(path):
    with open(path, "rb") as file:
        is_file = file.read(6) == b"ARROW1"
    return pa.ipc.open_file(path).read_all() if is_file else pa.ipc.open_stream(path).read_all()


def polars_reads(read, path):
    """Whether polars reads such a file at all: it knows no maps, halves or added parts of dictionaries."""
    try:
        read(path)
    except Exception:
        return False
    return True


def judge_arrow(case, before, after):
    expect = edited(read_arrow(before), case)
    found = read_arrow(after)
    assert same(found, expect), "pyarrow reads other rows"
    for batch in found.to_batches():
        batch.validate(full=True)
    with open(after, "rb") as file:
        is_file = file.read(6) == b"ARROW1"
    read = polars.read_ipc if is_file else polars.read_ipc_stream
    if polars_reads(read, before):
        one = read(after).to_arrow()
        for name in expect.column_names:
            if not pa.types.is_dictionary(expect.schema.field(name).type):
                assert one[name].cast(expect[name].type).to_pylist() == expect[name].to_pylist(), f"polars reads other {name}"
    with duckdb.connect() as database:
        # It knows no halves.
        lacks = [name for name in ["half"] if name in found.column_names]
        database.register("found", found.drop_columns(lacks))
        database.register("expect", expect.drop_columns(lacks))
        assert database.execute("select count(*) from found").fetchone()[0] == expect.num_rows
        lost = database.execute("select * from found except all select * from expect limit 1").fetchall()
        assert not lost, f"DuckDB reads other rows: {lost}"


def judge_large(case, before, after):
    """As the others, but without a Python value for each cell: for files of millions of rows."""
    read = pq.read_table if before.endswith(".parquet") else read_arrow
    expect, found = read(before), read(after)
    assert found.schema.equals(expect.schema, check_metadata=True)
    for at, name in enumerate(expect.column_names):
        cells = sorted((row, value) for row, column, value in case["sets"] if column == name)
        mask = numpy.zeros(expect.num_rows, dtype=bool)
        mask[[row for row, _ in cells]] = True
        kind = expect.schema.field(name).type
        values = pa.array([scalar(value, kind) for _, value in cells], kind)
        column = pc.replace_with_mask(expect[name].combine_chunks(), pa.array(mask), values)
        assert found[name].combine_chunks().equals(column), f"pyarrow reads other {name}"
        expect = expect.set_column(at, expect.schema.field(name), column)
    if after.endswith(".parquet"):
        with duckdb.connect() as database:
            database.register("expect", expect)
            query = f"select * from expect except all select * from read_parquet('{after}') limit 1"
            assert not database.execute(query).fetchall(), "DuckDB reads other rows"
        assert polars.read_parquet(after).equals(polars.from_arrow(expect)), "polars reads other rows"


def judge(folder):
    failed = fast = 0
    with open(os.path.join(folder, "cases.jsonl")) as cases:
        for case in map(json.loads, cases):
            before, after = os.path.join(folder, case["before"]), os.path.join(folder, case["after"])
            try:
                if case.get("large"):
                    judge_large(case, before, after)
                    continue
                (judge_parquet if before.endswith(".parquet") else judge_arrow)(case, before, after)
                fast += case.get("fast", False)
            except Exception as error:
                failed += 1
                print(f"{case['after']}: {type(error).__name__}: {str(error)[:600]}")
    print(f"fastparquet judged {fast} files")
    if failed:
        sys.exit(f"{failed} files are not what they should be")


if __name__ == "__main__":
    {"write": write, "judge": judge}[sys.argv[1]](sys.argv[2])
