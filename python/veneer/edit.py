"""Edits that become one revision.

They are gathered here, and sent as one step of the caller's draft at the end of
the `with`: all of them are done, or none. The draft has to be empty before: what
somebody began elsewhere must not become part of this revision.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from . import service
from .client import Client, path
from .errors import ConflictError, InvalidError, VeneerError
from .values import plain

if TYPE_CHECKING:
    from .dataset import Dataset

_OF_ROWS = ("set", "insert", "delete", "add-column")


class Edit:
    """A context manager that commits; `Dataset.edit` makes one.

    Attributes
    ----------
    revision : str or None
        The new revision, behind the `with`; None where nothing was to be changed.
    """

    def __init__(self, dataset: Dataset, message: str, branch: str) -> None:
        if not message.strip():
            raise InvalidError("a revision says why it was made: the message is empty", kind="invalid")
        self.revision: str | None = None
        self._dataset = dataset
        self._message = message
        self._branch = branch
        self._edits: list[dict[str, Any]] = []
        self._sets: dict[tuple[str | None, str], list[str]] = {}
        self._touched: set[tuple[str | None, str, str]] = set()

    def __enter__(self) -> Edit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.commit()

    # ── rows ─────────────────────────────────────────────────────────────────────────────────

    def set(
        self, key: object, /, cells: Mapping[str, Any] | None = None, *, table: str | None = None, **more: Any
    ) -> None:
        """Sets cells of a row, by the names of their columns; of the main table, where none is said.

        >>> with ds.edit("a car, and it counts twice") as e:
        ...     e.add_column("weight", "number")
        ...     e.set("bus/0.png", label="car", weight=2.0)
        """
        all_cells = {name: plain(value) for name, value in {**(cells or {}), **more}.items()}
        if not all_cells:
            raise InvalidError("no cell is said that is to be set", kind="invalid")
        touched = {(table, str(key), column) for column in all_cells}
        if touched & self._touched:
            self._close_sets()
        self._touched |= touched
        # Rows that get the same cells are one edit: a thousand labels are as many classes.
        self._sets.setdefault((table, json.dumps(all_cells, sort_keys=True)), []).append(str(key))

    def set_where(self, where: str, /, *, table: str | None = None, **cells: Any) -> None:
        """Sets cells of all rows for which an expression of SQL is true."""
        told = {name: plain(value) for name, value in cells.items()}
        self._add({"kind": "set", "table": table, "where": where, "cells": told})

    def insert(self, *, table: str | None = None, after: object = None, **cells: Any) -> None:
        """Inserts a row, as the last or after another one."""
        told = {name: plain(value) for name, value in cells.items()}
        self._add({"kind": "insert", "table": table, "after": None if after is None else str(after), "cells": told})

    def delete(self, *keys: object, table: str | None = None) -> None:
        """Deletes rows."""
        self._add({"kind": "delete", "table": table, "keys": _keys(keys)})

    def exclude(self, *keys: object) -> None:
        """Excludes samples: their files and what is said of them are not shown any more."""
        self._add({"kind": "exclude", "keys": _keys(keys)})

    def include(self, *keys: object) -> None:
        """Includes excluded samples again."""
        self._add({"kind": "include", "keys": _keys(keys)})

    def add_column(
        self, name: str, type: Literal["text", "number", "integer", "flag"], *, table: str | None = None
    ) -> None:
        """Adds a column that no file has, such as `weight`."""
        self._add({"kind": "add-column", "table": table, "column": name, "type": type})

    def add_class(self, name: str, *, table: str | None = None) -> None:
        """Adds a class."""
        self._add({"kind": "class-add", "table": table, "name": name})

    def rename_class(self, old: str, new: str, *, table: str | None = None) -> None:
        """Gives a class another name."""
        self._add({"kind": "class-rename", "table": table, "from": old, "to": new})

    # ── files ────────────────────────────────────────────────────────────────────────────────

    def put(self, file: str, content: bytes | str | os.PathLike[str]) -> None:
        """Puts a file: bytes, or the path of a file of this machine."""
        data = content if isinstance(content, bytes) else Path(content).read_bytes()
        self._add({"kind": "put-file", "path": file, "content_base64": base64.b64encode(data).decode()})

    def remove(self, file: str, *, recursive: bool = False) -> None:
        """Removes a file; a folder, with all that is in it, only where that is said."""
        self._add({"kind": "remove-file", "path": file, "recursive": recursive})

    def rename(self, old: str, new: str) -> None:
        """Moves a file or a folder."""
        self._add({"kind": "rename-file", "from": old, "to": new})

    # ── the revision ─────────────────────────────────────────────────────────────────────────

    def commit(self) -> str | None:
        """Makes the revision, and moves the dataset to it; returns its id, None where there was nothing to do.

        Raises
        ------
        ConflictError
            When the draft has other changes, or somebody else's commit changed the same.
        """
        self._close_sets()
        edits, self._edits = self._edits, []
        if not edits:
            return None
        with service.to_change(self._dataset.store) as client:
            self.revision = self._commit(client, edits)
        if self.revision is not None:
            self._dataset.revision, self._dataset._paths = self.revision, None
        return self.revision

    def _commit(self, client: Client, edits: list[dict[str, Any]]) -> str | None:
        if any(edit["kind"] in _OF_ROWS and "table" not in edit for edit in edits):
            main = self._dataset.main_table(client)
            edits = [{"table": main, **edit} if edit["kind"] in _OF_ROWS else edit for edit in edits]
        at = path("datasets", self._dataset.name, "drafts", self._branch)
        draft = client.get(at)
        if draft["can_undo"] is not None and any(draft["edits"].values()):
            changed = f"{draft['edits']['rows']} rows and {draft['edits']['files']} files"
            raise ConflictError(
                f"the draft of {draft['writer']} on `{self._dataset.name}@{self._branch}` has changes already "
                f"({changed}); commit or discard them first",
                kind="unsaved",
                facts=draft,
            )
        if draft["is_behind"]:
            draft = client.send("POST", f"{at}/rebase", {})
        seen = {"If-Match": f'"{draft["etag"]}"'}
        draft = client.send("POST", f"{at}/edits", {"edits": edits, "label": self._message}, headers=seen)
        try:
            told = client.send("POST", f"{at}/commit", {"message": self._message})
        except VeneerError as error:
            client.send("POST", f"{at}/discard", {})
            # All of it is as it was said already.
            if error.kind == "nothing":
                return None
            raise
        return str(told["revision"])

    def _add(self, edit: dict[str, Any]) -> None:
        self._close_sets()
        self._edits.append({name: value for name, value in edit.items() if value is not None})

    def _close_sets(self) -> None:
        """Edits of rows that were gathered become edits to be sent; what comes is done behind them."""
        for (table, cells), keys in self._sets.items():
            edit = {"kind": "set", "keys": keys, "cells": json.loads(cells)}
            self._edits.append(edit if table is None else {**edit, "table": table})
        self._sets, self._touched = {}, set()


def _keys(keys: Iterable[object]) -> list[str]:
    found = [str(key) for key in keys]
    if not found:
        raise InvalidError("no row is named", kind="invalid")
    return found
