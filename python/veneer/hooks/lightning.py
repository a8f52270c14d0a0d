"""PyTorch Lightning: a callback that asks the module after an epoch what it thinks of the samples of a DataLoader.

```python
from veneer.hooks.lightning import callback

Trainer(callbacks=[callback(run)]).fit(module, DataLoader(ImageFolder(...)))
```
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from ..run import Run
from .torch import Collector


def callback(
    run: Run,
    loader: Any = None,
    *,
    sample: Sequence[Any] | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    every: int = 1,
) -> Any:
    """A callback of a trainer, for a module whose `forward` gives logits (batch, k).

    What Lightning was told by `self.log` is kept as scalars, as `lightning/` and its name. Loss, class and
    confidence of each sample come from asking the module as `Collector` of `veneer.hooks.torch` does. Of several
    ranks, rank 0 asks.

    Parameters
    ----------
    run : Run
        The run.
    loader : torch.utils.data.DataLoader, optional
        Whose dataset to ask for: a validation part, where what is said is to be out of sample. The trainer's
        own one if not said.
    sample, loss : optional
        As of `Collector`.
    every : int
        Only each so many epochs, and the last.
    """

    class Recorder(_lightning().Callback):  # type: ignore[misc]
        """Records epochs."""

        _left: int | None = None

        def on_train_start(self, trainer: Any, module: Any) -> None:
            if trainer.is_global_zero:
                # What does not fit is told before an epoch is spent.
                asked = loader if loader is not None else trainer.train_dataloader
                self._collector = Collector(run, module, asked, sample=sample, loss=loss)

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            epoch = trainer.current_epoch
            if trainer.is_global_zero:
                measured = {f"lightning/{name}": float(value) for name, value in trainer.callback_metrics.items()}
                run.log_scalars(measured, step=epoch)
                self._left = epoch
                if (epoch + 1) % every == 0:
                    self._record()

        def on_train_end(self, trainer: Any, module: Any) -> None:
            self._record()

        def _record(self) -> None:
            epoch, self._left = self._left, None
            if epoch is not None:
                self._collector.record(epoch)

    return Recorder()


def _lightning() -> Any:
    """Lightning by the one of its two names that its user has imported: they are classes of their own."""
    names = ("lightning.pytorch", "pytorch_lightning")
    return import_module(next((name for name in names if name in sys.modules), names[0]))
