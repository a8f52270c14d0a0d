"""Vectors brought to two or three dimensions."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .errors import InvalidError
from .values import to_numpy


def reduced(vectors: Any, method: str, dims: int) -> np.ndarray[Any, Any]:
    """Places (n, dims), float32, of vectors (n, d).

    >>> line = np.outer(np.arange(5.0), [3.0, 4.0])
    >>> places = reduced(line, "pca", 2)
    >>> [round(abs(float(step)), 4) for step in np.diff(places[:, 0])]
    [5.0, 5.0, 5.0, 5.0]
    """
    found = to_numpy(vectors)
    if found.ndim < 2 or len(found) == 0:
        raise InvalidError(f"embeddings are (n, d), and these have the shape {found.shape}", kind="invalid")
    if dims not in (2, 3):
        raise InvalidError(f"a place has 2 or 3 dimensions, and not {dims}", kind="invalid")
    flat = found.reshape(len(found), -1).astype(np.float32)
    if not np.isfinite(flat).all():
        raise InvalidError("embeddings that are no numbers have no place: some are NaN or infinite", kind="invalid")
    if method == "pca":
        return _pca(flat, dims)
    if method == "umap":
        try:
            umap = importlib.import_module("umap")
        except ImportError as cause:
            raise InvalidError("`umap` needs the package umap-learn; `pca` needs none", kind="invalid") from cause
        places: np.ndarray[Any, Any] = umap.UMAP(n_components=dims, random_state=0).fit_transform(flat)
        return places.astype(np.float32)
    raise InvalidError(f"`{method}` is no way to reduce: it is `pca` or `umap`", kind="invalid")


def _pca(flat: np.ndarray[Any, Any], dims: int) -> np.ndarray[Any, Any]:
    centred = flat - flat.mean(axis=0, keepdims=True)
    # The axes are those of the smaller of the two products: (d, d), or (n, n) for few long vectors.
    n, d = centred.shape
    if d <= n:
        _, axes = np.linalg.eigh(centred.T @ centred)
        places = centred @ axes[:, ::-1][:, :dims]
    else:
        values, axes = np.linalg.eigh(centred @ centred.T)
        places = axes[:, ::-1][:, :dims] * np.sqrt(np.maximum(values[::-1][:dims], 0))
    missing = dims - places.shape[1]
    return np.pad(places, ((0, 0), (0, missing))).astype(np.float32) if missing > 0 else places.astype(np.float32)
