"""How much labels are to be doubted, against a truth that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import veneer
from conftest import CLASSES, KEYS, Service
from veneer.suspicion import joint

Array = np.ndarray[Any, Any]
COUNT, KINDS = 3000, 4


def noisy(seed: int) -> tuple[Array, Array, Array]:
    """True labels, given ones of which one in ten is wrong, and three epochs of a model that mostly knows."""
    rng = np.random.default_rng(seed)
    true = rng.integers(KINDS, size=COUNT)
    given = true.copy()
    wrong = rng.choice(COUNT, COUNT // 10, replace=False)
    given[wrong] = (true[wrong] + rng.integers(1, KINDS, size=len(wrong))) % KINDS
    logits = rng.normal(size=(3, COUNT, KINDS))
    logits[:, np.arange(COUNT), true] += 3
    powers = np.exp(logits)
    return true, given, powers / powers.sum(axis=2, keepdims=True)


def check(method: Any) -> None:
    for seed in range(3):
        true, given, probabilities = noisy(seed)
        found = veneer.suspicion(given, probabilities, method=method)
        wrong = given != true
        assert found.method == method
        assert wrong[found.order()[: wrong.sum()]].mean() > 0.9, seed
        # What is taken for an error comes before all else, and is about as much as there is.
        assert found.is_suspect[found.order()[: found.is_suspect.sum()]].all()
        assert (found.score[found.is_suspect] >= 0.5).all() and (found.score[~found.is_suspect] <= 0.5).all()
        assert 0.8 < found.is_suspect.sum() / wrong.sum() < 1.25, seed


def test_wrong_labels_come_first_by_the_joint_estimate() -> None:
    check("joint")


def test_wrong_labels_come_first_by_cleanlab() -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed here")
    check("cleanlab")


def test_what_is_done_here_is_what_cleanlab_does() -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed here")
    for seed in range(3):
        _, given, probabilities = noisy(seed)
        ours, theirs = (veneer.suspicion(given, probabilities, method=name) for name in ("joint", "cleanlab"))
        assert (ours.is_suspect == theirs.is_suspect).mean() > 0.99


def test_the_joint_is_about_that_of_the_truth() -> None:
    true, given, probabilities = noisy(5)
    known = np.zeros((KINDS, KINDS))
    np.add.at(known, (given, true), 1 / COUNT)
    found = joint(given, probabilities.mean(axis=0))
    assert abs(found.sum() - 1) < 1e-9
    np.testing.assert_allclose(found, known, atol=0.01)
    np.testing.assert_allclose(found.sum(axis=1), known.sum(axis=1), atol=1e-9)


def test_labels_that_all_agree_are_not_suspect() -> None:
    true, _, _ = noisy(6)
    sure = np.eye(KINDS)[true] * 0.9 + 0.025
    assert not veneer.suspicion(true, sure, method="joint").is_suspect.any()
    # A class that nobody was given is no trouble.
    found = veneer.suspicion(np.zeros(5, dtype=int), np.full((5, 3), 1 / 3), method="joint")
    assert not found.is_suspect.any()


@pytest.mark.parametrize(
    ("labels", "probabilities", "classes", "why"),
    [
        ([0, 1], [[0.5, 0.5]], None, "labels of the shape"),
        ([2], [[0.5, 0.5]], None, "from 0 to 1"),
        ([0.5], [[0.5, 0.5]], None, "from 0 to 1"),
        ([0], [[2.0, 0.5]], None, "sum to 1"),
        ([0], [[float("nan"), 0.5]], None, "0 or more"),
        ([0], [0.5], None, "epochs, n, classes"),
        (["a"], [[0.5, 0.5]], ["b", "c"], "label `a` is no class"),
        (["a"], [[0.5, 0.5]], ["a"], "1 classes"),
    ],
)
def test_what_does_not_fit_is_refused(labels: Any, probabilities: Any, classes: Any, why: str) -> None:
    with pytest.raises(veneer.InvalidError, match=why):
        veneer.suspicion(labels, probabilities, classes=classes)


def test_suspicion_is_a_column_of_the_run(served: Service) -> None:
    probabilities = np.full((2, len(KEYS), 3), 0.05)
    probabilities[:, np.arange(60), np.arange(60) // 20] = 0.9
    probabilities[:, 7] = [0.05, 0.05, 0.9]
    labels = [key.split("/")[0] for key in KEYS]
    with veneer.start_run("doubts", data="animals") as run:
        for epoch in range(2):
            run.log(epoch=epoch, sample=KEYS, predicted=probabilities[epoch])
        found = run.log_suspicion(epoch=1, sample=KEYS, label=labels, probabilities=probabilities, classes=CLASSES)
    rows = veneer.dataset("animals").table(run="doubts", order='"doubts.suspicion" DESC', limit=2).to_pylist()
    assert rows[0]["_key"] == "cat/07.png" and rows[0]["doubts.is_suspect"] and not rows[1]["doubts.is_suspect"]
    assert rows[0]["doubts.suspicion"] == pytest.approx(found.score[7])
    assert rows[0]["doubts.predicted"] == "dog"
