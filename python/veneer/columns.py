"""Columns of Arrow out of what was logged: classes, confidences, boxes, vectors, texts.

This runs beside the training, in the thread that writes the spool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .errors import InvalidError
from .values import Frozen, to_numpy

FORMS = ("xyxy", "xywh", "cxcywhn")
"""How the sides of a box may be told: corners, or a corner and a size, in pixels; or shares of the image."""

BOXES = pa.list_(
    pa.struct(
        [
            ("label", pa.string()),
            ("box", pa.list_(pa.float64())),
            ("form", pa.string()),
            ("key", pa.string()),
            ("confidence", pa.float64()),
        ]
    )
)
Columns = Iterator[tuple[str, pa.Array]]


def columns_of(name: str, value: Frozen, rows: int | None, classes: Sequence[str] | None, form: str) -> Columns:
    """The columns that a value becomes; `rows` is how many rows a single value is repeated for.

    `predicted` becomes a class and, of logits or probabilities (n, classes), a `confidence`;
    `boxes` become lists of boxes. All else is kept as it is.

    >>> dict(columns_of("predicted", np.array([[0.0, 4.0], [3.0, 0.0]]), None, ["cat", "dog"], "xyxy"))["predicted"]
    <pyarrow.lib.StringArray object at ...>
    [
      "dog",
      "cat"
    ]
    """
    if rows is not None:
        yield name, pa.array([_single(value)] * rows)
    elif name == "predicted":
        yield from _predicted(value, classes)
    elif name == "boxes":
        yield name, pa.array([_boxes(one, classes, form) for one in value], BOXES)
    else:
        found = array(name, value)
        # The first kind is the column's for good: one slip must not keep all that follows out.
        if name == "embedding" and not pa.types.is_fixed_size_list(found.type):
            raise InvalidError("`embedding` is a vector for each sample, all of one length", kind="invalid")
        if name == "loss" and pa.types.is_nested(found.type):
            raise InvalidError(f"`loss` is one number for each sample, and not {found.type}", kind="invalid")
        yield name, found


def array(name: str, value: Frozen) -> pa.Array:
    """Values of a column: (n,) as they are, (n, d) and more axes as vectors of floats or whole numbers."""
    if isinstance(value, pa.ChunkedArray):
        return value.combine_chunks()
    if isinstance(value, pa.Array):
        return value
    if isinstance(value, list) and not _are_numbers(value):
        try:
            return pa.array([_plain(one) for one in value])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as cause:
            raise InvalidError(f"`{name}` has values of different kinds: {cause}", kind="invalid") from cause
    found = to_numpy(value)
    if found.dtype.kind in "OSU":
        return pa.array(found.tolist())
    if found.ndim <= 1:
        return pa.array(found)
    width = int(np.prod(found.shape[1:]))
    if width == 0:
        raise InvalidError(f"`{name}` has vectors of length 0", kind="invalid")
    if name == "loss" and width == 1:
        # As a model with one output has them.
        return pa.array(found.reshape(-1))
    of = np.int64 if found.dtype.kind in "iub" and name != "embedding" else np.float32
    flat = np.ascontiguousarray(found.reshape(-1), dtype=of)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), width)


def _are_numbers(values: list[Any]) -> bool:
    """Whether a list is of numbers, or of vectors of one length, so that numpy makes an array of it."""
    first = next(iter(values), None)
    if isinstance(first, (str, bytes, dict)) or first is None:
        return False
    if any(one is None for one in values):
        return False
    if hasattr(first, "__len__"):
        lengths = {len(one) for one in values if hasattr(one, "__len__")}
        return len(lengths) == 1 and all(hasattr(one, "__len__") for one in values)
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "detach") or isinstance(value, np.ndarray):
        return to_numpy(value).tolist()
    return value


def _single(value: Any) -> Any:
    return to_numpy(value).item() if hasattr(value, "detach") or hasattr(value, "__array__") else value


def _predicted(value: Frozen, classes: Sequence[str] | None) -> Columns:
    if isinstance(value, list) and not _are_numbers(value):
        yield "predicted", array("predicted", value)
        return
    found = to_numpy(value)
    if found.ndim == 2 and found.dtype.kind in "fiu":
        ids, confidence = judged(found)
        yield "predicted", pa.array(named(ids, classes, found.shape[1]), mask=np.isnan(confidence))
        yield "confidence", pa.array(confidence)
    elif found.ndim == 1 and found.dtype.kind in "iu":
        yield "predicted", pa.array(named(found, classes))
    else:
        yield "predicted", array("predicted", found)


def judged(scores: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Class and confidence of logits or probabilities (n, classes); of one column, of the second of two classes.

    >>> ids, confidence = judged(np.array([[0.1, 0.9], [0.75, 0.25]]))
    >>> ids.tolist(), confidence.tolist()
    ([1, 0], [0.8999999761581421, 0.75])
    """
    scores = scores.astype(np.float32, copy=False)
    if scores.shape[1] == 1:
        inside = bool(((scores >= 0) & (scores <= 1)).all())
        with np.errstate(over="ignore"):
            second = scores[:, 0] if inside else 1 / (1 + np.exp(-scores[:, 0]))
        return (second > 0.5).astype(np.int64), np.maximum(second, 1 - second)
    ids = scores.argmax(axis=1)
    best = np.take_along_axis(scores, ids[:, None], axis=1)[:, 0]
    whole = scores[np.isfinite(scores).all(axis=1)]
    if len(whole) and bool((whole >= 0).all()) and bool(np.allclose(whole.sum(axis=1), 1, atol=1e-3)):
        return ids, best
    with np.errstate(invalid="ignore", over="ignore"):
        return ids, (1 / np.exp(scores - best[:, None]).sum(axis=1)).astype(np.float32)


def named(ids: np.ndarray[Any, Any], classes: Sequence[str] | None, width: int | None = None) -> Any:
    """The names of classes, where they are known for as many as there are; else the numbers."""
    if classes is None or (width is not None and width not in (1, len(classes))):
        return ids
    known = np.array([*classes, None], dtype=object)
    inside = (ids >= 0) & (ids < len(classes))
    names = known[np.where(inside, ids, len(classes))]
    for at in np.flatnonzero(~inside):
        names[at] = str(ids[at])
    return names


def _boxes(value: Any, classes: Sequence[str] | None, form: str) -> list[dict[str, Any]]:
    """The boxes of one image: `{boxes, labels, scores}`, rows of 4 to 6 numbers, or what Ultralytics gives."""
    sides, labels, scores = _parts(value)
    # Results of Ultralytics say themselves how.
    form = "xyxy" if hasattr(value, "xyxy") or hasattr(value, "boxes") else form
    if sides.ndim != 2 or (len(sides) and sides.shape[1] != 4):
        raise InvalidError(f"`boxes` of an image have the shape {sides.shape}, and (k, 4) was expected", kind="invalid")
    found = []
    for at, box in enumerate(sides.tolist()):
        label = None if labels is None else labels[at]
        if isinstance(label, (int, np.integer, float)):
            names = named(np.array([int(label)]), classes)
            label = str(names[0])
        confidence = None if scores is None else float(scores[at])
        found.append({"label": label, "box": box, "form": form, "key": str(at), "confidence": confidence})
    return found


def _parts(value: Any) -> tuple[np.ndarray[Any, Any], Sequence[Any] | None, Sequence[Any] | None]:
    value = getattr(value, "boxes", None) if hasattr(value, "boxes") else value
    if value is None:
        return np.zeros((0, 4)), None, None
    if hasattr(value, "xyxy"):
        return _sides(value.xyxy), to_numpy(value.cls).tolist(), to_numpy(value.conf).tolist()
    if isinstance(value, dict):
        optional = (value.get("labels"), value.get("scores", value.get("confidence")))
        labels, scores = (None if part is None else _listed(part) for part in optional)
        return _sides(value.get("boxes", ())), labels, scores
    found = to_numpy(value)
    if found.size == 0:
        return np.zeros((0, 4)), None, None
    if found.ndim == 2 and found.shape[1] in (5, 6):
        labels = found[:, 5].tolist() if found.shape[1] == 6 else None
        return _sides(found[:, :4]), labels, found[:, 4].tolist()
    return _sides(found), None, None


def _sides(value: Any) -> np.ndarray[Any, Any]:
    found = to_numpy(value).astype(np.float64)
    return found.reshape(0, 4) if found.size == 0 else found


def _listed(value: Iterable[Any]) -> list[Any]:
    if hasattr(value, "detach") or isinstance(value, np.ndarray):
        found: list[Any] = to_numpy(value).tolist()
        return found
    return list(value)
