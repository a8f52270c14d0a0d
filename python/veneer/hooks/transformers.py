"""Transformers: a callback that asks a Trainer's model after an epoch what it thinks of the samples of a dataset.

```python
from veneer.hooks.transformers import callback

trainer = Trainer(model, arguments, train_dataset=data)
trainer.add_callback(callback(run, trainer, sample=paths))
```
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import InvalidError
from ..run import Run
from .modes import evaluating


def callback(
    run: Run,
    trainer: Any,
    data: Any = None,
    *,
    sample: Sequence[Any],
    loss: Callable[[Any, Any], Any] | None = None,
    every: int = 1,
) -> Any:
    """A callback for a `Trainer` of a model with `logits` and a dataset with `labels`.

    The Trainer tells its callbacks no samples: the model is asked for each sample of `data` once, in order, as the
    Trainer would evaluate it. What the Trainer logs is kept as scalars by its steps, as `trainer/` and its name.
    Of several processes, the first asks.

    Parameters
    ----------
    run : Run
        The run.
    trainer : transformers.Trainer
        Says how samples are collated, and which columns the model takes.
    data : dataset of n samples, optional
        A validation part, where what is said is to be out of sample; the Trainer's `train_dataset` if not said.
    sample : (n,)
        As of `Run.log`.
    loss : callable, optional
        Gives (batch,) losses for logits and labels. If not said, the cross entropy for logits (batch, k); for
        logits (batch, …, k) its mean over the labels that are not -100.
    every : int
        Only each so many epochs, and the last, unless an evaluation ends the training early.
    """
    import torch
    from transformers import TrainerCallback

    asked = trainer.train_dataset if data is None else data
    if len(asked) != len(sample):
        raise InvalidError(f"the dataset has {len(asked)} samples, and named are {len(sample)}", kind="invalid")

    class Recorder(TrainerCallback):  # type: ignore[misc]
        """Records epochs."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **of: Any) -> None:
            if state.is_world_process_zero:
                told = {f"trainer/{name}": one for name, one in (logs or {}).items() if isinstance(one, (int, float))}
                run.log_scalars(told, step=state.global_step)

        def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **of: Any) -> None:
            # The last one may be a part.
            epoch = math.ceil(state.epoch - 1e-6) - 1
            if state.is_world_process_zero and ((epoch + 1) % every == 0 or control.should_training_stop):
                with evaluating(model), trainer.compute_loss_context_manager():
                    self._record(model, epoch)

        def _record(self, model: Any, epoch: int) -> None:
            # Its own loader knows how to collate; that of several processes would give a part of the samples.
            like = trainer.get_test_dataloader(asked)
            at, size, device = 0, trainer.args.eval_batch_size, next(model.parameters()).device
            for batch in torch.utils.data.DataLoader(like.dataset, batch_size=size, collate_fn=like.collate_fn):
                inputs = {name: one.to(device) if hasattr(one, "to") else one for name, one in batch.items()}
                logits, labels = model(**inputs)["logits"].float(), inputs["labels"]
                found = {"predicted": logits} if logits.ndim == 2 else {}
                names = sample[at : at + len(logits)]
                run.log(found, epoch=epoch, sample=names, loss=(loss or _losses)(logits, labels))
                at += len(logits)

    return Recorder()


def _losses(logits: Any, labels: Any) -> Any:
    from torch.nn.functional import cross_entropy

    each = cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none", ignore_index=-100)
    told = (labels != -100).reshape(len(labels), -1)
    return each.reshape(len(labels), -1).sum(dim=1) / told.sum(dim=1)
