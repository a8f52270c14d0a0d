"""Samplers: in which order, and how often, a training sees the samples of a dataset.

Each is a sequence of indices with `__len__` and `__iter__`, which a torch
DataLoader takes as its `sampler`, and any other loop as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .errors import InvalidError


class WeightedSampler:
    """Draws samples by their weights.

    Parameters
    ----------
    weights : (n,) float
        How often each is drawn, against the others; a sample of weight 0 never is.
    count : int, optional
        How many are drawn in an epoch; n if not said.
    replace : bool
        Whether one may be drawn several times.
    seed : int
        The same seed gives the same order in each epoch of a number.
    rank, world : int
        Of several processes, which one draws, and how many there are: each gets a part of its own, all as many;
        where `count` is no multiple of `world`, the first that were drawn are drawn again at the end.

    Examples
    --------
    >>> sampler = WeightedSampler([0.0, 1.0, 1.0], count=6, seed=1)
    >>> len(sampler), 0 in list(sampler)
    (6, False)
    """

    def __init__(
        self,
        weights: Sequence[float] | np.ndarray[Any, Any],
        count: int | None = None,
        *,
        replace: bool = True,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        found = np.asarray(weights, dtype=np.float64)
        if found.ndim != 1 or not np.isfinite(found).all() or (found < 0).any() or not found.sum() > 0:
            raise InvalidError("weights are numbers of 0 or more, one for each sample, and not all 0", kind="invalid")
        if not 0 <= rank < world:
            raise InvalidError(f"rank {rank} is none of {world} processes", kind="invalid")
        if count is not None and count < 0:
            raise InvalidError(f"{count} samples cannot be drawn", kind="invalid")
        self.weights = found
        self.epoch = 0
        self._share = found / found.sum()
        self._count = len(found) if count is None else count
        self._replace = replace
        self._seed, self._rank, self._world = seed, rank, world
        if not replace and self._count > np.count_nonzero(found):
            raise InvalidError(
                f"{self._count} different samples cannot be drawn of {np.count_nonzero(found)} with a weight",
                kind="invalid",
            )

    def __len__(self) -> int:
        return (self._count + self._world - 1) // self._world

    def __iter__(self) -> Iterator[int]:
        drawn = np.random.default_rng((self._seed, self.epoch))
        order = drawn.choice(len(self._share), self._count, self._replace, self._share)
        self.epoch += 1
        # A process with one batch less than the others would let them wait for ever.
        return iter(np.resize(order, len(self) * self._world)[self._rank :: self._world].tolist())

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch is next, as loops over several processes do."""
        self.epoch = epoch

    def torch(self) -> Any:
        """The same as a `torch.utils.data.Sampler`, for those who insist on one."""
        data = importlib.import_module("torch.utils.data")
        plain = self

        class Sampler(data.Sampler):  # type: ignore[misc, name-defined]
            """Draws as the plain one does."""

            def __init__(self) -> None:
                # Older ones of torch want a source of data here, and do nothing with it.
                pass

            def __iter__(self) -> Iterator[int]:
                return iter(plain)

            def __len__(self) -> int:
                return len(plain)

            def set_epoch(self, epoch: int) -> None:
                plain.set_epoch(epoch)

        return Sampler()


class BalancedSampler(WeightedSampler):
    """Draws all classes equally often, and within a class by weights.

    Parameters
    ----------
    labels : (n,)
        The class of each sample; None and NaN are drawn never.
    weights : (n,) float, optional
        Within their class; all alike if not said.
    **options
        Those of `WeightedSampler`.

    Examples
    --------
    >>> sampler = BalancedSampler(["a"] * 98 + ["b"] * 2, count=1000, seed=1)
    >>> 400 < sum(index >= 98 for index in sampler) < 600
    True
    """

    def __init__(
        self,
        labels: Sequence[Any],
        weights: Sequence[float] | np.ndarray[Any, Any] | None = None,
        **options: Any,
    ) -> None:
        found = np.ones(len(labels)) if weights is None else np.array(weights, dtype=np.float64)
        if len(found) != len(labels):
            raise InvalidError(f"there are {len(found)} weights for {len(labels)} labels", kind="invalid")
        places: dict[Any, list[int]] = {}
        for at, label in enumerate(labels):
            places.setdefault(label, []).append(at)
        for label, of_class in places.items():
            # Only NaN is not what it is.
            total = 0.0 if label is None or label != label else float(found[of_class].sum())
            found[of_class] = found[of_class] / total if total > 0 else 0.0
        super().__init__(found, **options)
