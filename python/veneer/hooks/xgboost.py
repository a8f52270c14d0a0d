"""XGBoost: a callback that asks the model after a round what it thinks of some samples.

```python
from veneer.hooks.xgboost import callback

xgboost.train(parameters, data, 20, callbacks=[callback(run, data, sample=paths)])
```
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..run import Run
from . import probabilities


def callback(run: Run, data: Any, *, sample: Any, every: int = 1) -> Any:
    """A callback for `xgboost.train`, or for a classifier's `callbacks`; the objective gives probabilities.

    Each round is an epoch: loss, class and confidence of each sample, and as scalars what XGBoost measured.

    Parameters
    ----------
    run : Run
        The run.
    data : xgboost.DMatrix
        The n samples to ask for, with their labels: those of a validation part, where what is said is to be out
        of sample.
    sample : (n,)
        As of `Run.log`.
    every : int
        Only each so many rounds, and the last that is made.
    """
    from xgboost.callback import TrainingCallback

    number = data.get_label().astype(np.int64)

    class Collector(TrainingCallback):  # type: ignore[misc]
        """Records rounds."""

        def __init__(self) -> None:
            self._recorded = -1

        def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, dict[str, list[Any]]]) -> bool:
            measured = {f"{of}/{name}": _last(found) for of, all in evals_log.items() for name, found in all.items()}
            run.log_scalars(measured, step=epoch)
            if (epoch + 1) % every == 0:
                self._record(model, epoch)
            return False

        def after_training(self, model: Any) -> Any:
            epoch = model.num_boosted_rounds() - 1
            if epoch != self._recorded:
                self._record(model, epoch)
            return model

        def _record(self, model: Any, epoch: int) -> None:
            self._recorded = epoch
            probabilities.log(run, model.predict(data), number, sample=sample, epoch=epoch)

    return Collector()


def _last(measured: list[Any]) -> float:
    """The newest of a metric's values; of cross-validation these are pairs of mean and deviation."""
    found = measured[-1]
    return float(found[0] if isinstance(found, tuple) else found)
