"""Boosted trees on any numbers of samples: ``python boosted_table.py lightgbm /mnt/traffic``, or ``xgboost``.

The numbers are the sizes and the first bytes of the images; what is recorded is of the half that was not trained on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import veneer


def main(framework: str, mount: str) -> None:
    paths = np.array(sorted(path for path in Path(mount).glob("*/*") if path.parent.name[0] != "."))
    x = np.array([[path.stat().st_size, *path.read_bytes().ljust(128, b"\0")[:128]] for path in paths], dtype=float)
    classes, y = np.unique([path.parent.name for path in paths], return_inverse=True)
    train, rest = np.arange(len(paths)) % 2 == 0, np.arange(len(paths)) % 2 == 1
    with veneer.start_run(framework, data=mount) as run:
        if framework == "lightgbm":
            import lightgbm

            from veneer.hooks.lightgbm import callback

            options = {"objective": "multiclass", "num_class": len(classes), "min_data_in_leaf": 2, "verbosity": -1}
            data = lightgbm.Dataset(x[train], y[train])
            record = callback(run, x[rest], y[rest], sample=paths[rest].tolist(), every=5)
            checks = lightgbm.Dataset(x[rest], y[rest], reference=data)
            lightgbm.train(options, data, 12, valid_sets=[checks], valid_names=["rest"], callbacks=[record])
        else:
            import xgboost

            from veneer.hooks import xgboost as hook

            options = {"objective": "multi:softprob", "num_class": len(classes)}
            left = xgboost.DMatrix(x[rest], y[rest])
            collector = hook.callback(run, left, sample=paths[rest].tolist(), every=5)
            data = xgboost.DMatrix(x[train], y[train])
            xgboost.train(options, data, 12, evals=[(left, "rest")], verbose_eval=False, callbacks=[collector])
    print(f"run {run.name}: {rest.sum()} images")


if __name__ == "__main__":
    main(*sys.argv[1:])
