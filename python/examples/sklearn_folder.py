"""A classifier of scikit-learn on class folders of images: ``python sklearn_folder.py /mnt/traffic``.

What it thinks of each image is recorded out of sample, and how much each label is to be doubted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

import veneer
from veneer.hooks import sklearn as hook


def main(mount: str) -> None:
    paths = sorted(path for path in Path(mount).glob("*/*") if path.parent.name[0] != ".")
    # Whatever turns an image into numbers; here its bytes, so that no other package is needed.
    pixels = np.stack([np.frombuffer(path.read_bytes().ljust(4096, b"\0")[:4096], np.uint8) for path in paths])
    labels = np.array([path.parent.name for path in paths])
    with veneer.start_run("mlp", data=mount) as run:
        model = MLPClassifier((32,), random_state=0)
        hook.fit(model, pixels / 255, labels, run=run, sample=paths, epochs=8, folds=4)
    print(f"run {run.name}: accuracy {model.score(pixels / 255, labels):.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
