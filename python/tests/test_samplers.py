"""In which order, and how often, samples are seen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import veneer
from conftest import KEYS, Service


def test_samples_are_drawn_by_their_weights() -> None:
    sampler = veneer.WeightedSampler([0.0, 1.0, 3.0], count=40_000, seed=5)
    drawn = Counter(sampler)
    assert drawn[0] == 0 and abs(drawn[2] / drawn[1] - 3) < 0.15
    assert len(sampler) == 40_000


def test_an_epoch_is_the_same_again_and_the_next_is_another() -> None:
    first, again = veneer.WeightedSampler(np.ones(100), seed=1), veneer.WeightedSampler(np.ones(100), seed=1)
    assert list(first) == list(again)
    assert list(first) != list(veneer.WeightedSampler(np.ones(100), seed=1))
    again.set_epoch(0)
    assert list(again) == list(veneer.WeightedSampler(np.ones(100), seed=1))


def test_without_replacing_each_is_drawn_once() -> None:
    assert sorted(veneer.WeightedSampler([1, 2, 0, 3], count=3, replace=False)) == [0, 1, 3]
    with pytest.raises(veneer.InvalidError, match="4 different samples cannot be drawn of 3"):
        veneer.WeightedSampler([1, 2, 0, 3], replace=False)


def test_ranks_draw_parts_of_one_order() -> None:
    whole = list(veneer.WeightedSampler(np.ones(50), count=11, seed=2))
    parts = [veneer.WeightedSampler(np.ones(50), count=11, seed=2, rank=rank, world=3) for rank in range(3)]
    drawn = [list(part) for part in parts]
    assert [len(part) for part in parts] == [len(part) for part in drawn] == [4, 4, 4]
    # One batch less in one of them would let the others wait.
    assert sorted(at for part in drawn for at in part) == sorted([*whole, whole[0]])
    assert [list(veneer.WeightedSampler([1.0], rank=rank, world=3)) for rank in range(3)] == [[0]] * 3
    with pytest.raises(veneer.InvalidError, match="rank 3 is none of 3"):
        veneer.WeightedSampler(np.ones(50), rank=3, world=3)
    with pytest.raises(veneer.InvalidError, match="-1 samples"):
        veneer.WeightedSampler(np.ones(50), count=-1)


def test_classes_are_balanced_whatever_their_sizes() -> None:
    labels = ["a"] * 900 + ["b"] * 90 + ["c"] * 10 + [None] * 50 + [np.nan] * 50
    drawn = Counter(labels[at] for at in veneer.BalancedSampler(labels, count=30_000, seed=3))
    assert set(drawn) == set("abc") and all(abs(drawn[name] - 10_000) < 400 for name in "abc")
    weights = np.ones(1100)
    weights[990] = 0
    assert 990 not in set(veneer.BalancedSampler(labels, weights, count=30_000))


@pytest.mark.parametrize("weights", [[], [0.0], [1.0, -1.0], [float("nan")], [[1.0]]])
def test_what_are_no_weights_is_refused(weights: list[float]) -> None:
    with pytest.raises(veneer.InvalidError, match="weights are numbers of 0 or more"):
        veneer.WeightedSampler(weights)


def test_the_weights_of_a_dataset_say_how_often_its_samples_are_seen(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    assert dataset.weights().tolist() == [1.0] * 60
    with dataset.edit("weights") as edit:
        edit.add_column("weight", "number")
        edit.set_where("label = 'cat'", weight=4)
        edit.exclude("dog/00.png")
    order = [key for key in reversed(KEYS) if key != "dog/01.png"]
    weights = dataset.weights(order=order)
    drawn = Counter(order[at].split("/")[0] for at in veneer.WeightedSampler(weights, count=24_000, seed=4))
    assert abs(drawn["cat"] / drawn["cow"] - 4) < 0.3
    balanced = veneer.BalancedSampler(dataset.labels(order=order), weights, count=24_000, seed=4)
    names = [order[at] for at in balanced]
    drawn = Counter(name.split("/")[0] for name in names)
    assert "dog/00.png" not in names and all(abs(drawn[name] - 8000) < 400 for name in ("cat", "cow", "dog"))


def test_a_loader_of_torch_takes_them() -> None:
    data = pytest.importorskip("torch.utils.data", reason="torch is not installed here")
    sampler = veneer.WeightedSampler([0, 1, 1], count=8)
    for taken in (sampler, sampler.torch()):
        loader = data.DataLoader(list(range(3)), batch_size=4, sampler=taken)
        seen = [int(at) for batch in loader for at in batch]
        assert len(seen) == 8 and 0 not in seen
