"""How much each label is to be doubted: confident learning on what models thought of samples they had not seen.

C. Northcutt, L. Jiang, I. Chuang, *Confident Learning: Estimating Uncertainty in Dataset Labels*, Journal of
Artificial Intelligence Research 70 (2021), 1373–1411: the joint of given and true labels is estimated from which
samples lie above their class's own mean confidence (section 3.1), and as many labels as that says are wrong for each
pair of classes are named, the clearest first ("prune by noise rate", section 3.2). cleanlab, by the authors, does
that where it is installed; else it is done here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .errors import InvalidError
from .values import to_numpy

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Suspicion:
    """What is to be thought of n labels.

    Attributes
    ----------
    score : (n,) float64
        0 to 1; what is taken for an error has 0.5 or more, and by it the samples are to be reviewed, highest first.
    is_suspect : (n,) bool
        What is taken for an error.
    method : str
        ``cleanlab`` or ``joint``, whichever it was.
    """

    score: Array
    is_suspect: Array
    method: str

    def order(self) -> Array:
        """The samples (n,) int64 in the order of a review, the most suspect first."""
        return np.argsort(-self.score, kind="stable")


def suspicion(
    labels: Any,
    probabilities: Any,
    *,
    classes: Sequence[Any] | None = None,
    method: Literal["cleanlab", "joint"] | None = None,
) -> Suspicion:
    """Doubts labels by what models that had not seen the samples thought of them.

    Parameters
    ----------
    labels : (n,) int or str
        The given labels: numbers of the columns of `probabilities`, or names with `classes`.
    probabilities : (n, k) or (epochs, n, k) float
        Of each class, out of sample (by cross-validation); of several epochs, their mean is taken.
    classes : sequence, optional
        The names of the k classes.
    method : str, optional
        ``cleanlab``, or ``joint`` for what is done here; cleanlab where it is installed, if not said.

    Raises
    ------
    InvalidError
        For shapes that do not fit, values that are no probabilities, and labels that are no class.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    >>> found = suspicion([0, 0, 1, 1, 0], sure, method="joint")
    >>> int(found.order()[0]), found.is_suspect.tolist()
    (4, [False, False, False, False, True])
    """
    mean = _mean(probabilities)
    given = _numbers(labels, classes, mean)
    if method not in (None, "cleanlab", "joint"):
        raise InvalidError(f"`{method}` is no method: it is `cleanlab` or `joint`", kind="invalid")
    theirs = None if method == "joint" else _cleanlab(must=method == "cleanlab")
    suspect = _by_noise_rate(given, mean) if theirs is None else _by_cleanlab(theirs, given, mean)
    doubt = (1 - _margins(given, mean)) / 2
    return Suspicion((doubt + suspect) / 2, suspect, "joint" if theirs is None else "cleanlab")


def joint(given: Array, probabilities: Array) -> Array:
    """The estimated joint (k, k) of given labels (down) and true ones (across); it sums to 1.

    Parameters
    ----------
    given : (n,) int
        The given labels.
    probabilities : (n, k) float
        Out of sample.
    """
    n, k = probabilities.shape
    counts = np.bincount(given, minlength=k)
    own = np.bincount(given, weights=probabilities[np.arange(n), given], minlength=k)
    # A class without a sample has no threshold, and nothing lies above it.
    threshold = np.where(counts > 0, own / np.maximum(counts, 1), np.inf)
    above = np.where(probabilities >= threshold, probabilities, -1.0)
    is_counted = above.max(axis=1) >= 0
    confident = np.zeros((k, k))
    np.add.at(confident, (given[is_counted], above.argmax(axis=1)[is_counted]), 1)
    # Calibrated: each row sums to the count of the labels that were given, though not all were counted.
    sums = confident.sum(axis=1, keepdims=True)
    whole = np.where(sums > 0, confident / np.maximum(sums, 1), np.eye(k)) * counts[:, None]
    return np.asarray(whole / n)


def _by_noise_rate(given: Array, probabilities: Array) -> Array:
    """For each pair of classes, as many as the joint says are wrong, by how much more the other class is likely."""
    n, k = probabilities.shape
    wrong = np.rint(joint(given, probabilities) * n).astype(int)
    suspect = np.zeros(n, dtype=bool)
    for label in range(k):
        rows = np.flatnonzero(given == label)
        for other in range(k):
            if other != label and wrong[label, other]:
                lead = probabilities[rows, other] - probabilities[rows, label]
                suspect[rows[np.argsort(-lead, kind="stable")[: wrong[label, other]]]] = True
    # What the models agree with is no error, whatever the joint says.
    return suspect & (_margins(given, probabilities) < 0)


def _by_cleanlab(cleanlab: Any, given: Array, probabilities: Array) -> Array:
    found = cleanlab.find_label_issues(given, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
    return np.asarray(found, dtype=bool)


def _cleanlab(*, must: bool) -> Any:
    try:
        return importlib.import_module("cleanlab.filter")
    except ImportError as cause:
        if must:
            raise InvalidError("`cleanlab` is not installed; `joint` needs no package", kind="invalid") from cause
        return None


def _margins(given: Array, probabilities: Array) -> Array:
    """How much more likely the given label is than any other: −1 to 1."""
    others = probabilities.copy()
    rows = np.arange(len(given))
    others[rows, given] = -1.0
    return np.asarray(probabilities[rows, given] - others.max(axis=1))


def _mean(probabilities: Any) -> Array:
    found = np.asarray(to_numpy(probabilities), dtype=np.float64)
    mean = found.mean(axis=0) if found.ndim == 3 else found
    if mean.ndim != 2 or mean.shape[0] == 0 or mean.shape[1] < 2:
        shape = found.shape
        raise InvalidError(
            f"probabilities are (n, classes) or (epochs, n, classes), and these are {shape}", kind="invalid"
        )
    if not (mean >= 0).all() or not np.allclose(mean.sum(axis=1), 1, atol=1e-3):
        raise InvalidError("probabilities are 0 or more, and those of a sample sum to 1", kind="invalid")
    return mean


def _numbers(labels: Any, classes: Sequence[Any] | None, probabilities: Array) -> Array:
    n, k = probabilities.shape
    given = np.asarray(to_numpy(labels))
    if classes is not None:
        if len(classes) != k:
            raise InvalidError(f"there are {len(classes)} classes, and probabilities of {k}", kind="invalid")
        number = {name: at for at, name in enumerate(classes)}
        unknown = next((label for label in given.tolist() if label not in number), None)
        if unknown is not None:
            raise InvalidError(f"the label `{unknown}` is no class", kind="invalid")
        given = np.array([number[label] for label in given.tolist()], dtype=np.int64)
    if given.shape != (n,):
        raise InvalidError(
            f"there are labels of the shape {given.shape}, and probabilities of {n} samples", kind="invalid"
        )
    if given.dtype.kind not in "iu" or not ((given >= 0) & (given < k)).all():
        raise InvalidError(f"labels are numbers from 0 to {k - 1}, or names with `classes`", kind="invalid")
    return given.astype(np.int64)
