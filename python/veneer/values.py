"""What a caller hands in, kept as it is now: the part of the work that a training waits for.

Tensors of torch, arrays of jax, numpy and others, lists and single values: each
is copied where it may be changed later, and nothing is moved between devices.
`columns` makes Arrow of it, in another thread.
"""

from __future__ import annotations

import datetime
import math
import os
from typing import Any

import numpy as np
import pyarrow as pa

from .errors import InvalidError

Frozen = Any
"""A copy that nobody changes any more: numpy, Arrow, a tensor, or a list of values."""

_SINGLE = (str, bytes, int, float, bool, np.generic, type(None), os.PathLike, datetime.date)


def freeze(value: Any) -> tuple[Frozen, int | None]:
    """A copy of `value`, and its length along the first axis; None for a single value.

    >>> freeze([1.0, 2.0])
    ([1.0, 2.0], 2)
    >>> freeze(3)
    (3, None)
    >>> freeze(np.zeros((4, 10)))[1]
    4
    """
    if isinstance(value, np.ndarray):
        return (value.copy(), len(value)) if value.ndim else (value[()], None)
    if isinstance(value, (list, tuple)):
        parts = list(value)
        if parts and not isinstance(parts[0], _SINGLE):
            parts = [_part(part) for part in parts]
        return parts, len(parts)
    if isinstance(value, _SINGLE):
        return value, None
    if hasattr(value, "detach"):
        kept = value.detach()
        return (kept.clone(), int(kept.shape[0])) if kept.ndim else (kept.clone(), None)
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        return value, len(value)
    if hasattr(value, "to_numpy") and hasattr(value, "__len__"):
        return np.array(value.to_numpy()), len(value)
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        shape = getattr(value, "shape", None)
        # Arrays of jax and tensors of tensorflow cannot be changed: they are looked at later.
        is_fixed = type(value).__module__.partition(".")[0] in ("jax", "jaxlib", "tensorflow")
        if is_fixed and shape is not None:
            return value, int(shape[0]) if len(shape) else None
        return freeze(np.array(value))
    if hasattr(value, "__iter__") and not isinstance(value, dict):
        return freeze(list(value))
    raise InvalidError(f"a value of type {type(value).__name__} cannot be logged", kind="invalid")


def _part(value: Any) -> Frozen:
    """An element of a list: an array of its own, or a structure of some."""
    if isinstance(value, dict):
        return {name: _part(inner) for name, inner in value.items()}
    if value is None or isinstance(value, _SINGLE):
        return value
    if isinstance(value, (list, tuple)):
        return [_part(inner) for inner in value]
    if hasattr(value, "xyxy") or hasattr(value, "boxes"):
        return value
    return freeze(value)[0]


def to_numpy(value: Frozen) -> np.ndarray[Any, Any]:
    """The values as numpy; of a tensor on another device, when that has them ready."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if "bfloat16" in str(value.dtype):
            value = value.float()
        return np.asarray(value.numpy())
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        return np.asarray(value.to_numpy(zero_copy_only=False))
    found = np.asarray(value)
    # What numpy does not know by itself, such as bfloat16 of jax, is a kind of void.
    return found.astype(np.float32) if found.dtype.kind == "V" else found


def plain(value: Any) -> Any:
    """A value of a cell or a query as JSON has it.

    >>> plain([np.float32(0.5), np.array([1, 2])])
    [0.5, [1, 2]]

    Raises
    ------
    InvalidError
        For what JSON has no word for: NaN, a date, a set.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise InvalidError(
        f"{value!r} is no value of a cell: numbers, texts, truth values, None and lists of them are", kind="invalid"
    )
