#!/usr/bin/env python3
"""Asks DuckDB the same query several times on one connection, and prints the median in milliseconds.

usage: ask_duckdb.py QUERY FILE       the Parquet file is the table `t`
"""

import statistics
import sys
import time

import duckdb


def main():
    query, path = sys.argv[1:]
    database = duckdb.connect()
    database.execute(f"create view t as select * from read_parquet('{path}')")
    database.execute(query).fetchall()
    times = []
    for _ in range(15):
        start = time.perf_counter()
        database.execute(query).fetchall()
        times.append(time.perf_counter() - start)
    print(statistics.median(times) * 1e3)


if __name__ == "__main__":
    main()
