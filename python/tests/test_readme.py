"""The pages that tell how it is used say what works: each block of Python in them is run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import veneer
from conftest import HERE, Service
from veneer import programs


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture
def traffic(served: Service, home: Path, mounted: str) -> dict[str, Any]:
    """What the pages speak of: a dataset `traffic` that is mounted, and what a script has at hand."""
    (home / "traffic").mkdir()
    (home / "animals/cat").rename(home / "traffic/car")
    (home / "animals/dog").rename(home / "traffic/bus")
    (home / "traffic/areas.csv").write_text("image,area\n" + "".join(f"car/{at:02}.png,{at}\n" for at in range(20)))
    programs.run(["import", "traffic", str(home / "traffic")])
    paths = [f"{home}/mnt-traffic/{name}/{at:02}.png" for name in ("bus", "car") for at in range(20)]
    return {
        "epoch": 0,
        "paths": paths,
        "losses": np.arange(40.0),
        "logits": np.random.default_rng(6).normal(size=(40, 2)),
        "vectors": np.random.default_rng(6).normal(size=(40, 8)),
        "key": "car/00.png",
        "other": "car/01.png",
        "folder": SimpleNamespace(samples=[(path, 0) for path in paths]),
        "train": lambda path: None,
        "place": str(home / "mnt-traffic"),
        "url": served.url,
    }


@pytest.mark.parametrize("page", ["README.md", "python/README.md"])
def test_what_the_pages_show_works(traffic: dict[str, Any], served: Service, page: str) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed here")
    shown = blocks(HERE.parent / page)
    assert len(shown) == 2
    with veneer.mount("traffic", traffic["place"]):
        for block in shown:
            text = block.replace("/mnt/traffic", traffic["place"]).replace("http://gpu1:5015", traffic["url"])
            exec(compile(text, page, "exec"), traffic)
    told = served.run("resnet18")
    assert (told["rows"], told["dataset"], told["status"]) == (40, "traffic", "finished")
    assert veneer.dataset("traffic").log(1)[0]["message"] == "fix labels"
