"""Writes tables into a folder, and over files that are there, as data scientists do: with pandas and pyarrow."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
labels = folder / "labels.csv"
frame = pd.read_csv(labels)
frame.loc[frame["label"] == "cat", "label"] = "dog"
frame["score"] = frame["score"] * 2
frame.to_csv(labels, index=False)
assert list(pd.read_csv(labels)["label"]) == ["dog", "dog", "cow"], "pandas does not read what it wrote"

table = pa.table({"n": list(range(10000)), "text": [f"row {n}" for n in range(10000)]})
for round in range(3):
    pq.write_table(table.slice(0, 10000 - round), folder / "rows.parquet")
    feather.write_feather(table.slice(round), folder / "rows.arrow")
assert pq.read_table(folder / "rows.parquet").num_rows == 9998
assert feather.read_table(folder / "rows.arrow").num_rows == 9998
pq.write_to_dataset(table, folder / "parts", partition_cols=[], basename_template="part-{i}.parquet")
assert pq.read_table(folder / "parts").equals(table)
