"""Reading a dataset: its tables as Arrow, its files as paths, its history; and the way to edit it.

All of it is asked of the store's service. A store in a folder that none has is
read by one of our own, which changes nothing and ends with this process.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from . import mounts, service
from .client import Client, default_store, is_url, path
from .difference import Difference
from .edit import Edit
from .errors import InvalidError, NotFoundError
from .tables import ALL_ROWS
from .values import plain

if TYPE_CHECKING:
    import pandas

_FILES = "files"


def dataset(address: str | os.PathLike[str], *, store: str | os.PathLike[str] | None = None) -> Dataset:
    """A dataset as it is at one revision.

    Parameters
    ----------
    address : str or path
        ``traffic``, ``traffic@main``, ``traffic@v1``, ``traffic@3f9c1a2``, or a folder in a mount.
    store : path or URL, optional
        The store's folder or the URL of its service; that of the mount, else VENEER_STORE, if not said.

    Examples
    --------
    >>> ds = veneer.dataset("traffic@main")
    >>> ds.table(where="label <> 'tram'").num_rows
    6
    """
    text = os.fspath(address)
    place = default_store() if store is None else os.fspath(store)
    if not is_url(place):
        place = os.path.abspath(place)
    # A word alone is a name, though there be such a folder, too; a `Path` is none.
    is_path = not isinstance(address, str) or os.sep in text or text in (".", "..")
    info = mounts.info_of(text) if is_path and os.path.isdir(text) else None
    if info is not None:
        place = place if store is not None else info.store
        return Dataset(place, info.dataset, info.reference, info.revision, info.top)
    found = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:@(.+))?", text)
    if found is None:
        raise InvalidError(f"`{text}` is neither a mount nor an address such as `traffic@main`", kind="invalid")
    name, reference = found[1], found[2] or "main"
    told = service.client(place).get(path("datasets", name, "at", reference))
    return Dataset(place, name, reference, str(told["revision"]))


class Dataset:
    """A dataset at a revision. What is read is of that revision, whatever is committed meanwhile.

    Attributes
    ----------
    name, reference, revision : str
        What it is, as it was asked for, and the revision in full.
    store : str
        The store's folder, or the URL of its service.
    top : str or None
        The folder of the mount that it was opened by.
    """

    def __init__(self, store: str, name: str, reference: str, revision: str, top: str | None = None) -> None:
        self.store = store
        self.name = name
        self.reference = reference
        self.revision = revision
        self.top = top
        self._paths: dict[str, str | None] | None = None

    def __repr__(self) -> str:
        return f"Dataset('{self.name}@{self.reference}', revision={self.revision[:12]!r})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(table['name'])}</td><td>{table['format']}</td><td>{table['rows']:,}</td></tr>"
            for table in self.tables()
        )
        head = "<tr><th>table</th><th>format</th><th>rows</th></tr>"
        return f"<table><caption>{self.name}@{self.reference} {self.revision[:12]}</caption>{head}{rows}</table>"

    def _at(self, *parts: str) -> str:
        return path("datasets", self.name, "at", self.revision, *parts)

    def _client(self) -> Client:
        return service.client(self.store)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────

    def tables(self) -> list[dict[str, Any]]:
        """Its tables: `name`, `format`, `rows`, `columns` …, as the service tells them."""
        found: list[dict[str, Any]] = self._client().get(self._at("tables"))["tables"]
        return found

    def table(
        self,
        name: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        run: str | None = None,
        epoch: int | None = None,
    ) -> pa.Table:
        """Rows of a table, with their keys in the column `_key`.

        Parameters
        ----------
        name : str, optional
            Which table; the main one, `samples`, if not said.
        columns : sequence of str, optional
            Which columns; all if not said.
        where, order : str, optional
            What may stand behind WHERE and ORDER BY in SQL.
        limit : int, optional
            How many rows at most; all if not said.
        run : str, optional
            A run whose metrics are columns, too: ``RUN.loss`` …
        epoch : int, optional
            Of which epoch; the latest of each sample if not said.
        """
        query: dict[str, str | int | bool | None] = {
            "columns": None if columns is None else ",".join(columns),
            "where": where,
            "order": order,
            "limit": ALL_ROWS if limit is None else limit,
            "run": run,
            "epoch": epoch,
        }
        return self._client().arrow("GET", self._at("tables", name or self.main_table(), "rows"), query=query)

    def to_pandas(self, name: str | None = None, **options: Any) -> pandas.DataFrame:
        """As `table`, for pandas; the keys are its index."""
        frame: pandas.DataFrame = self.table(name, **options).to_pandas()
        return frame.set_index("_key")

    def main_table(self, client: Client | None = None) -> str:
        """The name of the table that people mean by the dataset, by whoever is to be asked.

        Raises
        ------
        NotFoundError
            Where it has no table.
        """
        tables: list[dict[str, Any]] = (client or self._client()).get(self._at("tables"))["tables"]
        main = next((table for table in tables if table.get("is_main")), None)
        if main is None and len(tables) != 1:
            raise NotFoundError(f"`{self.name}` has no main table, but {len(tables)} others", kind="not-found")
        return str((main or tables[0])["name"])

    def sql(self, query: str, *params: Any, limit: int = 1_000_000) -> pa.Table:
        """Rows that answer a query; its tables are named as `tables` does, at the head of ``main``.

        ``at('traffic', 'samples', 'v1')`` is one at another revision, ``runs."resnet18"`` the metrics of a run,
        ``$1`` the first of `params`.
        """
        body = {"query": query, "params": plain(params), "limit": limit, "dataset": self.name}
        return self._client().arrow("POST", "/v1/sql", body=body)

    def weights(self, *, column: str = "weight", order: Sequence[Any] | None = None) -> np.ndarray[Any, Any]:
        """The weights (n,) float64 of the samples: 1 where none is set, 0 where a sample is excluded.

        Parameters
        ----------
        column : str
            Where they are.
        order : sequence, optional
            Paths or keys, or pairs such as `ImageFolder.samples`, whose order they are to have; that of the
            table if not said.
        """
        main = self.main_table()
        known = next(table["columns"] for table in self.tables() if table["name"] == main)
        there = [name for name in (column, "excluded") if any(one["name"] == name for one in known)]
        keys = self.keys()
        found = np.ones(len(keys))
        if there:
            rows = self.table(main, columns=there)
            if column in there:
                found = np.nan_to_num(rows[column].cast(pa.float64()).to_numpy(zero_copy_only=False), nan=1.0)
            if "excluded" in there:
                found = np.where(rows["excluded"].to_numpy(zero_copy_only=False).astype(bool), 0.0, found)
        return found if order is None else found[self.places(order)]

    def keys(self) -> list[str]:
        """The keys of the main table's rows, in its order."""
        return list(self._paths_by_key())

    def labels(self, *, column: str = "label", order: Sequence[Any] | None = None) -> list[Any]:
        """The labels of the samples, in the order of the table, or that of `order` as of `weights`."""
        found = self.table(columns=[column])[column].to_pylist()
        return found if order is None else [found[at] for at in self.places(order).tolist()]

    def places(self, order: Sequence[Any]) -> np.ndarray[Any, Any]:
        """The rows (n,) int64 of samples by their paths or keys.

        Raises
        ------
        UnknownSampleError
            For the first that is no row.
        """
        from .start import Data

        found = Data.of(self, None, None, hold=False)
        names = found.names()
        keys, known = names.keys([one[0] if isinstance(one, tuple) else one for one in order])
        if known is not None:
            raise names.unknown(str(keys[int(np.argmin(known))]))
        by_key = {key: at for at, key in enumerate(self._paths_by_key())}
        return np.array([by_key[key] for key in keys.to_pylist()], dtype=np.int64)

    # ── files ────────────────────────────────────────────────────────────────────────────────

    def path(self, key: str) -> Path:
        """A file of this machine with the content of a sample: in the mount, else a copy in the cache.

        `key` may also be the path of any other file of the dataset.
        """
        at = self._paths_by_key().get(key) or key
        if self.top is not None:
            file = Path(self.top, at)
            if not file.exists():
                raise NotFoundError(f"there is no file `{at}` in `{self.top}`", kind="not-found")
            return file
        name = hashlib.blake2b(f"{self.store}\n{self.name}\n{self.revision}\n{at}".encode(), digest_size=16).hexdigest()
        kept = _cache() / _FILES / name[:2] / name / os.path.basename(at)
        if not kept.exists():
            data = self.read(at)
            kept.parent.mkdir(parents=True, exist_ok=True)
            new = kept.parent / f".{secrets.token_hex(8)}"
            new.write_bytes(data)
            new.replace(kept)
        return kept

    def read(self, file: str) -> bytes:
        """The bytes of a file of the dataset."""
        at = self._at(_FILES, *file.split("/"))
        return self._client().request("GET", at, accept="*/*").body

    def _paths_by_key(self) -> dict[str, str | None]:
        """The paths of the main table's samples, by key; None for rows that are no image."""
        if self._paths is None:
            file = None if self.top is None else Path(self.top, mounts.SAMPLES)
            if file is not None and file.exists():
                known = pq.read_schema(file).names
                rows = pq.read_table(file, columns=[name for name in ("key", "path") if name in known])
                keys = rows["key"]
            else:
                main = self.main_table()
                columns = next(table["columns"] for table in self.tables() if table["name"] == main)
                names = [column["name"] for column in columns]
                rows = self.table(main, columns=["path"] if "path" in names and main == "samples" else names[:1])
                keys = rows["_key"]
            paths = rows["path"].to_pylist() if "path" in rows.column_names else [None] * len(keys)
            self._paths = dict(zip(keys.to_pylist(), paths, strict=True))
        return self._paths

    # ── history ──────────────────────────────────────────────────────────────────────────────

    def log(self, limit: int = 50) -> list[dict[str, Any]]:
        """The revisions that this one came from, the newest first."""
        at = path("datasets", self.name, "log")
        found: list[dict[str, Any]] = self._client().get(at, {"ref": self.revision, "limit": limit})["revisions"]
        return found

    def diff(self, a: str = "main~1", b: str = "main", *, table: str | None = None) -> Difference:
        """How two states differ, by file and by row: branches, tags, revisions, or ``draft:main``."""
        return Difference.between(self._client(), self.name, a, b, table)

    def latest(self) -> Dataset:
        """The dataset as it is now, at what this one was asked for."""
        if self.top is not None:
            return dataset(self.top, store=self.store)
        return dataset(f"{self.name}@{self.reference}", store=self.store)

    def edit(self, message: str, *, branch: str | None = None) -> Edit:
        """Edits that become one revision at the end of a `with`, and nothing if that ends in an error.

        Parameters
        ----------
        message : str
            Why.
        branch : str, optional
            The branch that moves; the one that the dataset was opened at if not said.

        Examples
        --------
        >>> with ds.edit("it is a bus") as e:
        ...     e.set("car/1.png", label="bus")
        >>> [(row["before"], row["after"]) for row in ds.diff("main~1", "main")]
        [('car', 'bus')]
        """
        return Edit(self, message, branch or self.reference)

    def runs(self) -> list[dict[str, Any]]:
        """The runs on this dataset, the newest first, as the service tells them."""
        found: list[dict[str, Any]] = self._client().get("/v1/runs", {"dataset": self.name})["runs"]
        return found


def _cache() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "veneer"
