"""What the hooks record, with the real frameworks where they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import veneer
from conftest import CLASSES, HERE, KEYS, Service

NUMBER = np.arange(len(KEYS)) // 20


def features(seed: int = 0) -> np.ndarray[Any, Any]:
    """Four numbers for each sample, by which its class can be told."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(len(KEYS), 4)) + 3 * np.eye(4)[NUMBER])


def example(name: str, *words: str) -> str:
    """Runs an example script as somebody would; returns what it prints."""
    command = [sys.executable, str(HERE / "examples" / name), *words]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_sklearn_records_epochs_out_of_sample_and_doubts_a_wrong_label(served: Service, mounted: str) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed here")
    from veneer.hooks import sklearn as hook

    given = np.array(CLASSES)[NUMBER]
    given[7] = "dog"
    with veneer.start_run("linear", data=mounted) as run:
        model = linear.SGDClassifier(loss="log_loss", random_state=1)
        fitted = hook.fit(model, features(), given, run=run, sample=KEYS, epochs=4, folds=4)
    assert fitted is model and model.score(features(), np.array(CLASSES)[NUMBER]) > 0.9
    told = served.run("linear")
    # The suspicion is of the last epoch, beside what was recorded in it.
    assert (told["epochs"], told["status"]) == (4, "finished")
    rows = {row["sample"]: row for row in served.rows("linear", epoch="3")}
    assert len(rows) == len(KEYS)
    assert max(KEYS, key=lambda key: rows[key]["suspicion"]) == KEYS[7] and rows[KEYS[7]]["is_suspect"]
    assert rows[KEYS[7]]["predicted"] == "cat" and rows[KEYS[7]]["loss"] > 1
    assert all(0 <= row["confidence"] <= 1 for row in rows.values())


def test_sklearn_records_what_is_fitted_in_one_step_and_numbers_of_classes(served: Service, mounted: str) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed here")
    from veneer.hooks import sklearn as hook

    with veneer.start_run("step", data=mounted) as run:
        hook.fit(linear.LogisticRegression(), features(), NUMBER, run=run, sample=KEYS)
        with pytest.raises(veneer.InvalidError, match="in one epoch"):
            hook.fit(linear.LogisticRegression(), features(), NUMBER, run=run, sample=KEYS, epochs=2)
        with pytest.raises(veneer.InvalidError, match="RidgeClassifier has no `predict_proba`"):
            hook.fit(linear.RidgeClassifier(), features(), NUMBER, run=run, sample=KEYS)
    rows = served.rows("step")
    assert np.mean([row["predicted"] == row["sample"].split("/")[0] for row in rows]) > 0.9
    assert "suspicion" not in rows[0]


def test_the_example_of_sklearn_works(served: Service, mounted: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed here")
    assert example("sklearn_folder.py", mounted).startswith("run mlp: accuracy ")
    told = served.run("mlp")
    assert (told["epochs"], told["status"]) == (8, "finished")
    assert {row["sample"] for row in served.rows("mlp", epoch="7")} == set(KEYS)
