"""Ultralytics: callbacks that keep the boxes which a model finds in the images it is validated on.

```python
from veneer.hooks.ultralytics import attach

model = attach(run, YOLO("yolo11n.yaml"))
model.train(data="/mnt/traffic/data.yaml", epochs=10)
```
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidError
from ..run import Run
from .boxes import matched


def attach(run: Run, model: Any, *, confidence_min: float = 0.25, overlap_min: float = 0.5) -> Any:
    """Has a model's validations recorded: of each epoch of `train`, and of `val` by itself; returns the model.

    A row for each image of the validation part: `boxes` in its own pixels, how many of its labelled boxes were
    `missed`, and how many of those found are `spurious`. `val` by itself counts as one more epoch. What
    Ultralytics measured in training is kept as scalars. On several devices it trains in processes of its own,
    which know nothing of callbacks: this is for one.

    Parameters
    ----------
    run : Run
        The run.
    model : ultralytics.YOLO
        One of the tasks `detect`, `segment` and `pose`.
    confidence_min : float
        Boxes below it are left out: validation looks at those from 0.001 on.
    overlap_min : float
        So much of their union (0 to 1) do a labelled box and one found with its class have in common, at least.
    """
    if model.task not in ("detect", "segment", "pose"):
        raise InvalidError(f"a model for `{model.task}` finds no upright boxes", kind="invalid")
    recorder = _Recorder(run, confidence_min, overlap_min)
    for event in ("train_epoch_start", "fit_epoch_end", "train_end", "val_start", "val_end"):
        model.add_callback(f"on_{event}", getattr(recorder, event))
    return model


class _Recorder:
    def __init__(self, run: Run, confidence_min: float, overlap_min: float) -> None:
        self._run, self._confidence_min, self._overlap_min = run, confidence_min, overlap_min
        self._epoch, self._is_training, self._measured = 0, False, -1

    def train_epoch_start(self, trainer: Any) -> None:
        self._epoch, self._is_training = int(trainer.epoch), True

    def fit_epoch_end(self, trainer: Any) -> None:
        # It is said once more at the end, of the best weights.
        if self._measured != self._epoch:
            self._measured = self._epoch
            measured = {**trainer.label_loss_items(trainer.tloss, prefix="train"), **trainer.metrics}
            self._run.log_scalars(measured, step=self._epoch)

    def train_end(self, trainer: Any) -> None:
        self._epoch, self._is_training, self._measured = self._epoch + 1, False, -1

    def val_start(self, validator: Any) -> None:
        if self._is_training and not validator.training:
            return
        update = validator.update_metrics

        # No event is told what was found; this is called with it, for each batch.
        def update_metrics(preds: Any, batch: Any) -> None:
            self._record(validator.names, preds, batch)
            update(preds, batch)

        validator.update_metrics = update_metrics

    def val_end(self, validator: Any) -> None:
        vars(validator).pop("update_metrics", None)
        if not self._is_training:
            self._epoch += 1

    def _record(self, names: Any, preds: Any, batch: Any) -> None:
        from ultralytics.utils import ops

        shape = batch["img"].shape[2:]
        boxes, missed, spurious = [], [], []
        for at, pred in enumerate(preds):
            is_sure = pred["conf"] >= self._confidence_min
            sides, classes, scores = (pred[name][is_sure].float().cpu().numpy() for name in ("bboxes", "cls", "conf"))
            is_own = batch["batch_idx"] == at
            truth = ops.xywh2xyxy(batch["bboxes"][is_own].float().cpu().numpy()) * np.tile(shape[::-1], 2)
            met = matched(truth, batch["cls"][is_own].flatten().cpu().numpy(), sides, classes, self._overlap_min)
            missed.append(len(truth) - met)
            spurious.append(len(sides) - met)
            sides = ops.scale_boxes(shape, sides.copy(), batch["ori_shape"][at], batch["ratio_pad"][at])
            boxes.append({"boxes": sides, "labels": [names[int(one)] for one in classes], "scores": scores})
        columns = {"boxes": boxes, "missed": missed, "spurious": spurious}
        self._run.log(columns, sample=batch["im_file"], epoch=self._epoch)
