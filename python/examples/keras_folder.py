"""A small network of Keras 3 on class folders of images: ``KERAS_BACKEND=jax python keras_folder.py /mnt/traffic``."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

import veneer
from veneer.hooks.keras import callback


def main(mount: str) -> None:
    keras.utils.set_random_seed(0)
    paths = sorted(path for path in Path(mount).glob("*/*") if path.parent.name[0] != ".")
    # Whatever turns an image into numbers; here its bytes, so that no other package is needed.
    pixels = np.stack([np.frombuffer(path.read_bytes().ljust(4096, b"\0")[:4096], np.uint8) for path in paths])
    x = pixels.astype(np.float32) / 255
    classes, y = np.unique([path.parent.name for path in paths], return_inverse=True)
    layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(len(classes), activation="softmax")]
    model = keras.Sequential([keras.layers.Input(x.shape[1:]), *layers])
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    with veneer.start_run("keras", data=mount) as run:
        record = callback(run, x, y, sample=paths)
        model.fit(x, y, batch_size=16, epochs=8, verbose=0, callbacks=[record])
    print(f"run {run.name}: {len(paths)} images")


if __name__ == "__main__":
    main(sys.argv[1])
