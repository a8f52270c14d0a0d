#!/usr/bin/env python3
"""Does with a file what Veneer does with it, and prints how many seconds that took.

usage: peers.py csv|parquet|json FILE             reads all of it into memory
       peers.py where-csv|where-parquet FILE      the rows of a condition, in DuckDB
"""

import os
import sys
import time

WHERE = "score < 0.0005 AND label = 'car'"


def main():
    work, path = sys.argv[1:]
    if work == "csv":
        import pyarrow.csv

        run = lambda: pyarrow.csv.read_csv(path).num_rows
    elif work == "parquet":
        import pyarrow.parquet

        run = lambda: pyarrow.parquet.read_table(path).num_rows
    elif work == "json":
        import orjson

        def run():
            with open(path, "rb") as file:
                return len(orjson.loads(file.read())["annotations"])
    else:
        import duckdb

        database = duckdb.connect()
        function = {"where-csv": "read_csv", "where-parquet": "read_parquet"}[work]
        target = os.devnull
        run = lambda: database.execute(f"copy (select * from {function}('{path}') where {WHERE}) to '{target}' (format csv)")
    # Once for what is loaded late, and for the file to be cached.
    run()
    start = time.perf_counter()
    run()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
