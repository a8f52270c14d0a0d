"""The table that a run's samples are rows of: their keys and paths, and the names of the classes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import service
from .client import Query, path
from .errors import ServiceError, VeneerError
from .mounts import SAMPLES

ALL_ROWS = 1 << 40
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class SampleTable:
    """A table of a revision, read from the mount that shows it, or asked of its service.

    Attributes
    ----------
    store : str
        The store's folder, or the URL of its service.
    dataset, revision : str
        Of which dataset, as of when.
    table : str or None
        Its name; the main one if not said.
    top : str or None
        The folder of the mount.
    """

    store: str
    dataset: str
    revision: str
    table: str | None = None
    top: str | None = None

    def names(self) -> pa.Table | None:
        """The columns `key` and, of images, `path`, of all rows; None where the dataset has no table."""
        if self.top is not None and self.table is None:
            return self._of_mount(["key", "path"])
        described = self.described()
        if described is None:
            return None
        known = [column["name"] for column in described["columns"]]
        is_main = bool(described.get("is_main"))
        wanted = ["_key", *(["path"] if is_main and "path" in known else [])]
        at = path("datasets", self.dataset, "at", self.revision, "tables", described["name"], "rows")
        query: Query = {"columns": ",".join(wanted[1:] or known[:1]), "limit": ALL_ROWS}
        rows = service.client(self.store).arrow("GET", at, query=query)
        columns = {"key": rows["_key"], **({"path": rows["path"]} if "path" in rows.column_names else {})}
        return pa.table(columns)

    def classes(self) -> list[str] | None:
        """The values that labels have, in the order of the dataset's class map; None where there is none."""
        try:
            described = self.described()
        except VeneerError:
            described = None
        if described is not None:
            for column in described["columns"]:
                if column["role"]["kind"] == "label" and column["role"].get("classes"):
                    return [value for value, *_ in column["role"]["classes"]]
            return None
        # Without a service: folders of classes are in the order of their names, as loaders have them.
        found = self._of_mount(["label"])
        if found is None or "label" not in found.column_names or not _is_text(found["label"].type):
            return None
        return sorted(name for name in pc.unique(found["label"]).to_pylist() if name is not None)

    def described(self) -> dict[str, Any] | None:
        """What the service tells of the table; None where the dataset has none."""
        at = path("datasets", self.dataset, "at", self.revision, "tables")
        tables: list[dict[str, Any]] = service.client(self.store).get(at, timeout=_PATIENCE_S)["tables"]
        for table in tables:
            if table["name"] == self.table or (self.table is None and table.get("is_main")):
                return table
        return None

    def _of_mount(self, columns: list[str]) -> pa.Table | None:
        if self.top is None or self.table is not None:
            return None
        file = Path(self.top) / SAMPLES
        try:
            known = pq.read_schema(file).names
            return pq.read_table(file, columns=[name for name in columns if name in known])
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as cause:
            raise ServiceError(f"`{file}` cannot be read: {cause}", kind="unreachable") from cause


class Classes:
    """The names of a run's classes, looked up when they are first needed."""

    def __init__(self, known: Sequence[str] | None, table: SampleTable | None = None) -> None:
        self._known = None if known is None else [str(name) for name in known]
        self._table = table

    def __call__(self) -> Sequence[str] | None:
        if self._known is None and self._table is not None:
            with contextlib.suppress(VeneerError, OSError):
                self._known = self._table.classes()
        # Not before it is known: a child that is forked meanwhile asks for itself.
        self._table = None
        return self._known


def _is_text(of: pa.DataType) -> bool:
    return bool(pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_dictionary(of))
