"""How many of an image's labelled boxes a detector has found."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def matched(truth: Array, labels: Array, sides: Array, classes: Array, overlap_min: float) -> int:
    """How many boxes (n, 4) of the truth are met by one of (k, 4) with their class; the surest, told first, choose.

    >>> matched(np.array([[0, 0, 4, 4]]), np.array([1]), np.array([[0, 0, 4, 3], [0, 0, 4, 4]]), np.array([1, 1]), 0.5)
    1
    """
    low, high = (f(truth[:, None, of], sides[None, :, of]) for f, of in ((np.maximum, [0, 1]), (np.minimum, [2, 3])))
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(of[:, 2:] - of[:, :2], 0, None).prod(axis=1) for of in (truth, sides)]
    share = common / np.maximum(areas[0][:, None] + areas[1] - common, 1e-9) * (labels[:, None] == classes)
    count = 0
    for at in range(len(sides) if len(truth) else 0):
        best = share[:, at].argmax()
        if share[best, at] >= overlap_min:
            share[best] = 0
            count += 1
    return count
