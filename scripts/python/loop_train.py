#!/usr/bin/env python3
"""Trains a small network on a folder of class folders, and records what it thinks of each image.

usage: loop_train.py MOUNT TEST NAME SEED

The label of an image is the folder that it is in, and nothing else is known of it. Out-of-sample predictions
and the suspicion go to the run NAME; the accuracy on the folder TEST goes to stdout, as JSON.
"""

import json
import os
import sys

import numpy as np
from PIL import Image
from sklearn.neural_network import MLPClassifier

import veneer
from veneer.hooks import sklearn as hook

EPOCHS = 24
FOLDS = 3
HIDDEN = 128
BATCH = 32


def read(folder):
    """(paths, pixels (n, 784) float32 from 0 to 1, labels (n,) str) of all images."""
    paths, pixels, labels = [], [], []
    for label in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != "."):
        for name in sorted(os.listdir(os.path.join(folder, label))):
            paths.append(os.path.join(folder, label, name))
            with Image.open(paths[-1]) as image:
                pixels.append(np.asarray(image, dtype=np.float32).reshape(-1) / 255)
            labels.append(label)
    return paths, np.stack(pixels), np.array(labels)


def main():
    mount, test, name, seed = sys.argv[1:]
    paths, pixels, labels = read(mount)
    # The order of the folders must not be that of the training.
    order = np.random.default_rng(int(seed)).permutation(len(paths))
    paths, pixels, labels = [paths[at] for at in order], pixels[order], labels[order]
    model = MLPClassifier((HIDDEN,), batch_size=BATCH, random_state=int(seed))
    parameters = {"seed": int(seed), "epochs": EPOCHS, "hidden": HIDDEN, "batch": BATCH, "folds": FOLDS}
    with veneer.start_run(name, data=mount, parameters=parameters) as run:
        hook.fit(model, pixels, labels, run=run, sample=paths, epochs=EPOCHS, folds=FOLDS, seed=int(seed))
        _, unseen, truth = read(test)
        accuracy = float(model.score(unseen, truth))
        run.log_scalars(step=EPOCHS - 1, test_accuracy=accuracy)
    print(json.dumps({"run": run.name, "images": len(paths), "test_images": len(truth), "accuracy": accuracy}))


if __name__ == "__main__":
    main()
