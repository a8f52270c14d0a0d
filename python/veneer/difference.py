"""How two states of a dataset differ."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .client import Client, path

_PAGE = 100_000


@dataclass(frozen=True)
class Difference:
    """Files, rows and cells that differ.

    Attributes
    ----------
    files : list of dict
        `path`, `what` (``added``, ``modified``, ``removed``, ``renamed``), `size_before`, `size_after`.
    rows : list of dict
        `table`, `path`, `key` (None of a column), `column` (None of a row), `change`, `before`, `after`.
    summary : dict
        How much differs, and which labels became which.
    """

    a: str
    b: str
    files: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    summary: dict[str, Any]

    @classmethod
    def between(cls, client: Client, name: str, a: str, b: str, table: str | None) -> Difference:
        """Asks for all of it, page by page."""
        at = path("datasets", name, "diff")
        rows: list[dict[str, Any]] = []
        while True:
            told = client.get(at, {"from": a, "to": b, "table": table, "offset": len(rows), "limit": _PAGE})
            # A change of a whole row has no column, one of a whole column no key.
            rows += [{"key": None, "column": None, **row} for row in told["rows"]]
            if len(rows) >= told["total_rows"] or not told["rows"]:
                return cls(a, b, told["files"], rows, told["summary"])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows or self.files)

    def to_arrow(self) -> pa.Table:
        """The rows as a table of texts; `before` and `after` as JSON."""
        names = ("table", "path", "key", "column", "change")
        columns: dict[str, list[str | None]] = {name: [row.get(name) for row in self.rows] for name in names}
        for name in ("before", "after"):
            columns[name] = [json.dumps(row.get(name)) for row in self.rows]
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def _repr_html_(self) -> str:
        names = ("table", "key", "column", "before", "after")
        head = "".join(f"<th>{name}</th>" for name in names)
        cells = (
            "<tr>" + "".join(f"<td>{html.escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>"
            for row in self.rows[:100]
        )
        said = f"{self.a} → {self.b}: {len(self.rows):,} rows, {len(self.files):,} files"
        return f"<table><caption>{html.escape(said)}</caption><tr>{head}</tr>{''.join(cells)}</table>"
