"""What a training says, one call at a time: checked while it waits, written by another thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .columns import FORMS
from .errors import InvalidError
from .values import Frozen, freeze, to_numpy

_RESERVED = ("_key", "_row", "sample", "epoch")


@dataclass
class Rows:
    """A call of `Run.log`."""

    epoch: Frozen
    sample: Frozen
    count: int
    columns: dict[str, tuple[Frozen, int | None]]
    among: Sequence[Any] | None = None
    form: str = "xyxy"

    def bytes(self) -> int:
        """About how much memory it holds until it is written."""
        arrays = sum(getattr(value, "nbytes", 0) for value, _ in self.columns.values())
        return self.count * 8 * (1 + len(self.columns)) + int(arrays)


@dataclass
class Scalars:
    """A call of `Run.log_scalars`."""

    step: int
    values: Mapping[str, float]


@dataclass
class Change:
    """Something that is to be another at the run."""

    body: Mapping[str, Any]


@dataclass
class Flush:
    """Has all before it written and, where that is asked, closed, so that it may be sent."""

    closes: bool = True
    done: threading.Event = field(default_factory=threading.Event)


Call = Rows | Scalars | Change | Flush


@dataclass
class Counts:
    """What became of what was logged.

    Attributes
    ----------
    rows : int
        Rows that are on the disk or were sent.
    dropped : int
        Rows that were lost: the disk was full, or too slow.
    unknown : int
        Rows that were left out, because their sample is in no table.
    nan : int
        Losses that are no number.
    """

    rows: int = 0
    dropped: int = 0
    unknown: int = 0
    nan: int = 0


def rows_of(sample: Any, epoch: Any, columns: Mapping[str, Any], among: Sequence[Any] | None, form: str) -> Rows:
    """Copies of what `Run.log` was given, all of one length.

    Raises
    ------
    InvalidError
        For arrays of different lengths, and values that nothing can be made of.
    """
    if form not in FORMS:
        raise InvalidError(f"`{form}` is no form of boxes: it is one of {', '.join(FORMS)}", kind="invalid")
    names, count = freeze(sample)
    if count is None:
        names, count = [names], 1
    kept: dict[str, tuple[Any, int | None]] = {}
    for name, value in columns.items():
        if name in _RESERVED:
            raise InvalidError(f"a column cannot be called `{name}`", kind="invalid")
        frozen, length = freeze(value)
        if length is None and name == "loss" and count > 1:
            raise InvalidError(
                f"`loss` is one number for {count} samples; a loss for each has reduction='none'", kind="invalid"
            )
        if length is not None and length != count:
            raise InvalidError(
                f"`{name}` has {length} values, and `sample` has {count}: all have one length", kind="invalid"
            )
        kept[name] = frozen, length
    when, length = freeze(epoch)
    if length is None:
        when = int(when)
        if when < 0:
            raise InvalidError(f"the epoch {when} is below 0", kind="invalid")
    elif length != count:
        raise InvalidError(f"`epoch` has {length} values, and `sample` has {count}", kind="invalid")
    else:
        when = to_numpy(when)
        if count and (when.dtype.kind not in "iu" or int(when.min()) < 0):
            raise InvalidError(f"`epoch` is {count} whole numbers of 0 or more, and not {when.dtype}", kind="invalid")
    return Rows(when, names, count, kept, among, form)
