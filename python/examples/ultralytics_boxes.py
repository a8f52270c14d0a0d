"""A detector of Ultralytics on a dataset in YOLO's form: ``python ultralytics_boxes.py /mnt/signs/data.yaml 40``.

It begins from nothing, so that no weights have to be fetched; the number is that of epochs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ultralytics import YOLO

import veneer
from veneer.hooks.ultralytics import attach


def main(data: str, epochs: str) -> None:
    with tempfile.TemporaryDirectory() as folder, veneer.start_run("yolo", data=Path(data).parent) as run:
        model = attach(run, YOLO("yolo11n.yaml"))
        options = {"imgsz": 64, "batch": 8, "workers": 0, "device": "cpu", "plots": False, "verbose": False}
        model.train(data=data, epochs=int(epochs), project=folder, amp=False, mosaic=0.0, **options)
    print(f"run {run.name}: {epochs} epochs", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
