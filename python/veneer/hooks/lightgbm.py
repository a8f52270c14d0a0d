"""LightGBM: a callback that asks the model after a round what it thinks of some samples.

```python
from veneer.hooks.lightgbm import callback

lightgbm.train(parameters, data, callbacks=[callback(run, x, y, sample=paths)])
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..run import Run
from . import probabilities


def callback(run: Run, x: Any, y: Any, *, sample: Any, every: int = 1) -> Callable[[Any], None]:
    """A callback for `lightgbm.train`, or for `fit` of its classifiers.

    Each round is an epoch: loss, class and confidence of each sample, and as scalars what LightGBM measured.

    Parameters
    ----------
    run : Run
        The run.
    x : (n, d)
        Features of the samples to ask for: those of a validation part, where what is said is to be out of sample.
    y : (n,) int
        Their labels, as the objective has them: 0, 1 …
    sample : (n,)
        As of `Run.log`.
    every : int
        Only each so many rounds, and the last.
    """
    number = np.asarray(y)

    def record(env: Any) -> None:
        epoch = env.iteration - env.begin_iteration
        measured = {f"{data}/{name}": value for data, name, value, *_ in env.evaluation_result_list or ()}
        run.log_scalars(measured, step=epoch)
        if (epoch + 1) % every == 0 or env.iteration + 1 == env.end_iteration:
            found = np.asarray(env.model.predict(x, num_iteration=env.iteration + 1))
            probabilities.log(run, found, number, sample=sample, epoch=epoch)

    # Early stopping has 30, and ends the round.
    record.order = 20  # type: ignore[attr-defined]
    return record
