"""PyTorch: what a model thinks of the samples of a DataLoader, at the end of an epoch.

```python
from veneer.hooks.torch import Collector

collector = Collector(run, model, loader)  # an ImageFolder knows its paths
for epoch in range(epochs):
    train(model, loader)
    collector.record(epoch)
```
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import InvalidError
from ..run import Run
from .modes import evaluating


class Collector:
    """Asks a classifier for its logits over a loader's dataset, in order, and records them.

    Parameters
    ----------
    run : Run
        The run.
    model : torch.nn.Module
        Gives logits (batch, k) for the inputs of a batch. It is asked in evaluation mode, and left in its own.
    loader : torch.utils.data.DataLoader
        Its batches begin with inputs and numbers of classes. What it draws and in which order does not count:
        each sample of its dataset is asked for once, with its batch size, workers and way to collate.
    sample : sequence, optional
        The n samples of the dataset, as of `Run.log`; those of its attribute `samples` if not said.
    loss : callable, optional
        Gives (batch,) losses for logits and classes; the cross entropy if not said.
    """

    def __init__(
        self,
        run: Run,
        model: Any,
        loader: Any,
        *,
        sample: Sequence[Any] | None = None,
        loss: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        from torch.nn.functional import cross_entropy
        from torch.utils.data import DataLoader

        found = sample if sample is not None else getattr(loader.dataset, "samples", None)
        if found is None or len(found) != len(loader.dataset):
            count = "none" if found is None else len(found)
            raise InvalidError(f"the dataset has {len(loader.dataset)} samples, and named are {count}", kind="invalid")
        self._sample = [one[0] if isinstance(one, tuple) else one for one in found]
        self._run, self._model = run, model
        self._loss = loss or (lambda logits, classes: cross_entropy(logits, classes, reduction="none"))
        self._loader = DataLoader(
            loader.dataset,
            batch_size=loader.batch_size or 64,
            num_workers=loader.num_workers,
            collate_fn=loader.collate_fn,
        )

    def record(self, epoch: int) -> None:
        """Records loss, class and confidence of each sample, and the mean loss and accuracy as scalars."""
        import torch

        model = self._model
        device = next((one.device for one in model.parameters()), torch.device("cpu"))
        at, total, right = 0, 0.0, 0
        with evaluating(model):
            for inputs, given, *_ in self._loader:
                logits, classes = model(inputs.to(device)), given.to(device)
                losses = self._loss(logits, classes)
                sample = self._sample[at : at + len(logits)]
                self._run.log(epoch=epoch, sample=sample, loss=losses, predicted=logits)
                at += len(logits)
                total += float(losses.sum())
                right += int((logits.argmax(dim=1) == classes).sum())
        self._run.log_scalars(step=epoch, loss=total / max(at, 1), accuracy=right / max(at, 1))
