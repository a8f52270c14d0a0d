"""What the tests of hooks share: samples of three classes, scripts, and what their rows have to say."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from conftest import CLASSES, HERE, KEYS

NUMBER = np.arange(len(KEYS)) // 20


def features(seed: int = 0) -> np.ndarray[Any, Any]:
    """Four numbers for each sample, by which its class can be told."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(len(KEYS), 4)) + 3 * np.eye(4)[NUMBER])


def example(name: str, *words: str) -> str:
    """Runs an example script as somebody would; returns what it prints."""
    command = [sys.executable, str(HERE / "examples" / name), *words]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def agree(rows: list[dict[str, Any]]) -> None:
    """The loss is that of the label, and the confidence that of the class that was taken for it."""
    assert {row["predicted"] for row in rows} <= set(CLASSES)
    right = [row for row in rows if row["predicted"] == row["sample"].split("/")[0]]
    assert right
    for row in rows:
        least = -np.log(row["confidence"])
        assert row["loss"] == pytest.approx(least, abs=1e-3) if row in right else row["loss"] > least - 1e-3
