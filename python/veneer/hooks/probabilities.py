"""What several hooks do with probabilities: a loss, a class and a confidence for each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidError
from ..run import Run

Array = np.ndarray[Any, Any]


def log(run: Run, found: Array, number: Array, *, sample: Any, epoch: int, classes: Array | None = None) -> None:
    """Records an epoch.

    Parameters
    ----------
    run : Run
        The run.
    found : (n, k) or, of two classes, (n,) float
        The probabilities.
    number : (n,) int
        The labels, as columns of `found`.
    sample : (n,)
        As of `Run.log`.
    epoch : int
        Which one.
    classes : (k,), optional
        What is recorded as `predicted` for a column; its number if not said.
    """
    if found.ndim == 1:
        found = np.stack([1 - found, found], axis=1)
    if found.ndim != 2 or len(found) != len(number) or not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        raise InvalidError(f"these are no probabilities of {len(number)} samples: {found.shape}", kind="invalid")
    taken = found.argmax(axis=1)
    losses = -np.log(np.maximum(found[np.arange(len(found)), number], 1e-12))
    predicted = taken if classes is None else classes[taken]
    run.log(sample=sample, epoch=epoch, loss=losses, predicted=predicted, confidence=found.max(axis=1))
    run.log_scalars(step=epoch, loss=losses.mean(), accuracy=(taken == number).mean())
