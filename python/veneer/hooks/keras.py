"""Keras 3: a callback that asks the model after an epoch what it thinks of some samples.

```python
from veneer.hooks.keras import callback

model.fit(x, y, epochs=10, callbacks=[callback(run, x, y, sample=paths)])
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InvalidError
from ..run import Run

Array = np.ndarray[Any, Any]


def callback(
    run: Run,
    x: Any,
    y: Any,
    *,
    sample: Any,
    every: int = 1,
    batch_size: int | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """A callback for `fit` of a classifier, on any backend.

    What Keras itself tells of an epoch are means over batches: they are kept as scalars. Loss, class and
    confidence of each sample come from `predict` at the end of the epoch.

    Parameters
    ----------
    run : Run
        The run.
    x : (n, …), or what `predict` takes as n samples in order
        The samples to ask for: those of a validation part, where what is said is to be out of sample.
    y : (n,) int or (n, k) float
        Their labels, as the model's loss has them.
    sample : (n,)
        As of `Run.log`.
    every : int
        Only each so many epochs, and the last.
    batch_size : int, optional
        As of `predict`.
    loss : callable, optional
        Gives (n,) losses for `y` and predictions; the model's own without its reduction if not said.
    """
    import keras

    labels = np.asarray(y)

    class Collector(keras.callbacks.Callback):  # type: ignore[misc]
        """Records epochs."""

        _left: int | None = None

        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            run.log_scalars(logs or {}, step=epoch)
            self._left = epoch
            # Whatever ends it early may also put other weights into the model, before the end is told.
            if (epoch + 1) % every == 0 or self.model.stop_training:
                self._record()

        def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
            self._record()

        def _record(self) -> None:
            epoch, self._left = self._left, None
            if epoch is None:
                return
            found = self.model.predict(x, batch_size=batch_size, verbose=0)
            if not isinstance(found, np.ndarray) or found.ndim != 2 or len(found) != len(labels):
                shape = getattr(found, "shape", type(found).__name__)
                raise InvalidError(f"these are no classes of {len(labels)} samples: {shape}", kind="invalid")
            losses = _losses(loss or self.model.loss, labels, found)
            run.log(sample=sample, epoch=epoch, loss=losses, predicted=found)

    return Collector()


def _losses(loss: Any, labels: Array, found: Array) -> Array:
    """A loss for each sample: of a name, a function, or a `keras.Loss`, which would give their mean."""
    import keras

    if labels.ndim == 1 and found.shape[1] == 1:
        # One column would be set against each label of all samples.
        labels = labels[:, None]
    of = keras.losses.get(loss)
    given = keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(found)
    losses = keras.ops.convert_to_numpy(of.call(*given) if isinstance(of, keras.losses.Loss) else of(*given))
    if losses.ndim == 0 or len(losses) != len(found):
        raise InvalidError(f"a loss for each of {len(found)} samples was expected, not {losses.shape}", kind="invalid")
    return np.asarray(losses.reshape(len(losses), -1).mean(axis=1))
