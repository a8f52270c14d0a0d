"""Which row a sample's name means: a path under the mount, a row key, or an index with the list that it indexes."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from .errors import InvalidError, ServiceError, UnknownSampleError
from .mounts import info_of
from .values import Frozen, to_numpy

log = logging.getLogger("veneer")

_LISTS_MAX = 8


class Table(Protocol):
    """What samples are rows of, and of which dataset."""

    @property
    def dataset(self) -> str:
        """Its name."""

    def names(self) -> pa.Table | None:
        """The columns `key` and, of images, `path`; None where any name is a sample."""


class Names:
    """The samples of one run's table, by all that they may be called.

    Parameters
    ----------
    rows : Table or None
        What samples are rows of, read when it is first needed; None where any name is a sample.
    tops : sequence of str
        The folder that paths are below, as it may be written.
    table : str
        How the table is called in an error.
    """

    def __init__(self, rows: Table | None, tops: Sequence[str] = (), table: str = "samples") -> None:
        self._rows = rows
        self._tops = [top.rstrip("/") + "/" for top in tops]
        self._table = table
        self._by_name: dict[Any, int] | None = None
        self._keys: list[str] = []
        self._key_array: pa.Array | None = None
        self._asked: set[str] = set()
        self._lists: dict[int, tuple[Sequence[Any], pa.Array]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process reads the table itself.
        return Names, (self._rows, self._tops, self._table)

    def _known(self) -> dict[Any, int]:
        if self._by_name is None:
            found = self._read()
            known: dict[Any, int] = {}
            if found is not None:
                keys = found["key"].combine_chunks().cast(pa.string())
                self._key_array, self._keys = keys, keys.to_pylist()
                # A key is stronger than a path: what was moved has kept its own.
                if "path" in found.column_names:
                    paths = found["path"].cast(pa.string()).to_pylist()
                    known = {path: at for at, path in enumerate(paths) if path is not None}
                known.update(zip(self._keys, range(len(self._keys)), strict=True))
            self._by_name = known
        return self._by_name

    def _read(self) -> pa.Table | None:
        try:
            return None if self._rows is None else self._rows.names()
        except ServiceError as error:
            # A training does not end because of that; the service looks at the names, too.
            log.warning("the samples' names are not looked at here: %s", error)
            return None

    def keys(self, sample: Frozen, among: Sequence[Any] | None = None) -> tuple[pa.Array, np.ndarray[Any, Any] | None]:
        """The keys of samples (n,), and where they are known (n,); None for the second when all are.

        Raises
        ------
        InvalidError
            For an index that is not within its list, and for what cannot name a sample.
        """
        if not isinstance(sample, list):
            found = to_numpy(sample)
            if found.ndim != 1 or found.dtype.kind not in "iuSUO":
                raise InvalidError(
                    f"`sample` has the type {found.dtype} and the shape {found.shape}; it is a list of paths or keys, "
                    "or of indices with `among=` the list that they index",
                    kind="invalid",
                )
            if found.dtype.kind in "iu" and among is not None:
                return self._among(found, among)
            sample = found.tolist()
        if sample and among is not None and not isinstance(sample[0], (str, bytes, os.PathLike)):
            return self._among(np.asarray(sample), among)
        return self._named(sample)

    def first_unknown(self, sample: Frozen, among: Sequence[Any] | None = None) -> UnknownSampleError | None:
        """The error for the first sample that is no row; None where all are rows."""
        keys, known = self.keys(sample, among)
        if known is None:
            return None
        return self.unknown(str(keys[int(np.argmin(known))]))

    def unknown(self, name: str) -> UnknownSampleError:
        """The error for a name that is no row's."""
        message = f"there is no row `{name}` in the table `{self._table}` of {len(self._keys):,} rows"
        tops = " or ".join(f"`{top}`" for top in self._tops)
        below = f"a path below {tops}, or " if tops else ""
        hint = f"a sample is {below}a row key, such as `{self._keys[0]}`" if self._keys else "the table is empty"
        return UnknownSampleError(f"{message}; {hint}", kind="unknown-sample", facts={"sample": name})

    def _named(self, names: list[Any]) -> tuple[pa.Array, np.ndarray[Any, Any] | None]:
        known = self._known()
        try:
            found = list(map(known.get, names))
        except TypeError as cause:
            raise InvalidError(f"`sample` has a value that names nothing: {cause}", kind="invalid") from cause
        for at, place in enumerate(found):
            if place is None:
                found[at] = self._look(names[at])
        if self._key_array is None:
            return pa.array([self._keys[place] for place in found if place is not None], pa.string()), None
        if None not in found:
            return self._key_array.take(pa.array(found, pa.int64())), None
        keys = [str(names[at]) if place is None else self._keys[place] for at, place in enumerate(found)]
        return pa.array(keys, pa.string()), np.array([place is not None for place in found])

    def _look(self, name: Any) -> int | None:
        """The row of a name that was not asked for before; from now on it is known."""
        known = self._known()
        if isinstance(name, (bytes, os.PathLike)):
            text = os.fsdecode(name)
        elif isinstance(name, (int, np.integer)) and not isinstance(name, bool):
            text = str(int(name))
        elif isinstance(name, str):
            text = name
        else:
            raise InvalidError(f"`sample` has a {type(name).__name__}, which names nothing", kind="invalid")
        place = known.get(text)
        if place is None:
            # As loaders give it; only what is written otherwise is taken apart.
            plain = (text[len(top) :] for top in self._tops if text.startswith(top))
            place = next((known[part] for part in plain if part in known), None)
        if place is None:
            place = next((known[part] for part in self._below(text) if part in known), None)
        if place is None and self._key_array is None:
            place = len(self._keys)
            self._keys.append(next(iter(self._below(text)), text))
        if place is not None:
            known[name] = place
        return place

    def _below(self, text: str) -> list[str]:
        """What the path is called below the folder, if it is there."""
        if not os.path.isabs(text):
            plain = os.path.normpath(text) if text else text
            # A relative path may be one from the working directory.
            return [plain, *self._below(os.path.abspath(text))] if self._tops or self._rows is not None else [plain]
        plain = os.path.normpath(text)
        found = [plain[len(top) :] for top in self._tops if plain.startswith(top)]
        if not found and self._tops:
            real = os.path.realpath(plain)
            found = [real[len(top) :] for top in self._tops if real.startswith(top)]
        if not found and self._is_in_another_mount(os.path.dirname(plain)):
            return self._below(text)
        return found

    def _is_in_another_mount(self, folder: str) -> bool:
        """Whether a folder is in a mount of the dataset that was not known; from now on it is."""
        if self._rows is None or folder in self._asked:
            return False
        self._asked.add(folder)
        info = info_of(folder)
        if info is None or info.dataset != self._rows.dataset or f"{info.top}/" in self._tops:
            return False
        self._tops.append(f"{info.top}/")
        return True

    def _among(self, at: np.ndarray[Any, Any], among: Sequence[Any]) -> tuple[pa.Array, np.ndarray[Any, Any] | None]:
        kept = self._lists.get(id(among))
        if kept is None or len(kept[1]) != len(among):
            keys, known = self._named([_first(one) for one in among])
            if known is not None:
                raise self.unknown(str(keys[int(np.argmin(known))]))
            if len(self._lists) >= _LISTS_MAX:
                del self._lists[next(iter(self._lists))]
            # The list is kept, so that no other one gets its number.
            kept = self._lists[id(among)] = (among, keys)
        if len(at) and (int(at.min()) < 0 or int(at.max()) >= len(among)):
            wrong = int(at[(at < 0) | (at >= len(among))][0])
            raise InvalidError(f"the index {wrong} is not within the {len(among)} samples of `among`", kind="invalid")
        return kept[1].take(pa.array(at)), None


def _first(one: Any) -> Any:
    """A name, of one itself or of a pair of name and class as torchvision's `samples` has."""
    return one[0] if isinstance(one, tuple) and one else one
