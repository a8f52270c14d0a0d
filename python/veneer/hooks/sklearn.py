"""scikit-learn: it has no callbacks, so a training's epochs are made here, each with what is thought of the samples.

```python
from veneer.hooks import sklearn as hook

model = hook.fit(MLPClassifier(), x, labels, run=run, sample=paths, epochs=10, folds=4)
```
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidError
from ..run import Run
from . import probabilities

Array = np.ndarray[Any, Any]


def fit(
    estimator: Any,
    x: Any,
    y: Any,
    *,
    run: Run,
    sample: Any,
    epochs: int = 1,
    folds: int = 0,
    seed: int = 0,
) -> Any:
    """Fits a classifier, and records loss, class and confidence of each sample in each epoch; returns it.

    With `folds`, what is recorded is out of sample: a copy of the estimator is trained beside on all folds but
    one, and asked for that one. The last epoch then also has the columns `suspicion` and `is_suspect`.

    Parameters
    ----------
    estimator : object
        A classifier with `predict_proba`. One with `partial_fit` is given the data once each epoch; another one
        is fitted once, as one epoch.
    x : (n, …), DataFrame, sparse matrix or list of n rows
        The features, as the estimator takes them.
    y : (n,)
        The labels, as the estimator takes them.
    run : Run
        The run.
    sample : (n,)
        As of `Run.log`.
    epochs : int
        How many.
    folds : int
        2 or more, or 0 for what the model itself thinks of the samples it was trained on.
    seed : int
        Divides the folds.

    Raises
    ------
    InvalidError
        For an estimator that tells no probabilities, and epochs of one that is fitted in one step.
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold
    from sklearn.utils import _safe_indexing

    name = type(estimator).__name__
    if not hasattr(estimator, "predict_proba"):
        raise InvalidError(f"{name} has no `predict_proba`", kind="invalid")
    if epochs != 1 and not hasattr(estimator, "partial_fit"):
        raise InvalidError(f"{name} has no `partial_fit`: it is fitted in one epoch", kind="invalid")
    y = np.asarray(y)
    classes, number = np.unique(y, return_inverse=True)
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, y)) if folds else []
    others = [clone(estimator) for _ in parts]
    seen: list[Array] = []
    for epoch in range(epochs):
        _step(estimator, x, y, classes)
        found = np.zeros((len(y), len(classes))) if parts else np.asarray(estimator.predict_proba(x))
        for other, (rest, part) in zip(others, parts, strict=True):
            _step(other, _safe_indexing(x, rest), y[rest], classes)
            # A class that the rest lacks is one that this model does not know.
            found[part[:, None], np.searchsorted(classes, other.classes_)] = other.predict_proba(
                _safe_indexing(x, part)
            )
        probabilities.log(run, found, number, sample=sample, epoch=epoch, classes=classes)
        seen.append(found)
    if parts:
        run.log_suspicion(sample=sample, label=number, probabilities=np.stack(seen), epoch=epochs - 1)
    return estimator


def _step(estimator: Any, x: Any, y: Array, classes: Array) -> None:
    if hasattr(estimator, "partial_fit"):
        # The order within an epoch is the estimator's own: those of networks and of SGD shuffle.
        estimator.partial_fit(x, y, classes=classes)
    else:
        estimator.fit(x, y)
