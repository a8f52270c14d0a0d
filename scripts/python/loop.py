#!/usr/bin/env python3
"""The closed loop: damage labels by a revision, train, review by suspicion, commit, train again.

usage: loop.py DATASET MOUNTS TEST RESULT [--seeds N] [--noise SHARE] [--budget SHARE]

DATASET is in the store that VENEER_STORE names, and right on `main`; mounts are made below the folder MOUNTS,
TEST has images that nobody damages, RESULT becomes a JSON file. Whoever reviews knows nothing but the labels on
`main`: an image that comes up in the order of suspicion gets the label that it has there. Each seed has its own
noise, folds and initial weights, and a branch for each order of review: by suspicion, and at random.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

import veneer
from veneer import programs

SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
TRAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loop_train.py")


def train(mount, test, name, seed):
    """Runs the script on the mount; returns what it printed."""
    command = [sys.executable, "-B", TRAIN, mount, test, name, str(seed)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout)


def stored():
    """The bytes of revisions, their trees and drafts in the store.

    Content does not count, for it is mostly the columns of runs: a label that is a folder is changed by a move.
    """
    kinds = json.loads(programs.run(["stats", "--json"]))["kinds"]
    return sum(kind["bytes"] for name, kind in kinds.items() if name not in ("run record", "blob"))


def set_labels(dataset, labels, message):
    """Commits the labels of these samples; returns what that cost in bytes."""
    before = stored()
    with dataset.edit(message) as edit:
        for key, label in labels.items():
            edit.set(key, label=label)
    return stored() - before


def labels_of(dataset):
    rows = dataset.table(columns=["label"])
    return dict(zip(rows["_key"].to_pylist(), rows["label"].to_pylist(), strict=True))


def damaged(truth, share, seed):
    """Another label, of any class, for a share of the samples."""
    rng = np.random.default_rng(1000 + seed)
    keys, classes = sorted(truth), sorted(set(truth.values()))
    wrong = {}
    for at in rng.choice(len(keys), round(len(keys) * share), replace=False):
        others = [name for name in classes if name != truth[keys[at]]]
        wrong[keys[at]] = str(rng.choice(others))
    return wrong


def moved(mount, revision):
    """Waits until the mount shows the revision."""
    for _ in range(600):
        if mount.info.revision == revision:
            return
        time.sleep(0.05)
    raise SystemExit(f"error: the mount did not move to {revision}")


def review(mount, truth, keys, message):
    """Gives samples their true labels, as a person who looks at them would; returns (how many were wrong, bytes)."""
    dataset = veneer.dataset(mount.path)
    given = labels_of(dataset)
    wrong = {key: truth[key] for key in keys if given[key] != truth[key]}
    cost = set_labels(dataset, wrong, message)
    moved(mount, dataset.revision)
    return len(wrong), cost


def by_suspicion(mount, run):
    """The keys of all samples, those first that the run doubts most."""
    dataset = veneer.dataset(mount.path)
    rows = dataset.table(columns=["label"], run=run, order=f'"{run}.suspicion" DESC, key')
    return rows["_key"].to_pylist()


def recall_at(keys, wrong, share):
    """How many of the wrong labels are among the first so many."""
    return len(wrong.keys() & set(keys[: round(len(keys) * share)])) / len(wrong)


def of_seed(seed, options, truth):
    name, test, budget = options.dataset, options.test, round(len(truth) * options.budget)
    found = {"seed": seed, "budget": budget}
    with veneer.mount(f"{name}@main", os.path.join(options.mounts, f"published-{seed}")) as mount:
        found["published"] = train(mount.path, test, f"published-{seed}", seed)["accuracy"]
    wrong = damaged(truth, options.noise, seed)
    branch, control = f"seed-{seed}", f"seed-{seed}-random"
    programs.run(["branch", name, branch])
    noise = f"noise: {len(wrong)} labels, seed {seed}"
    found["damaged"], found["noise_bytes"] = len(wrong), set_labels(veneer.dataset(f"{name}@{branch}"), wrong, noise)
    programs.run(["branch", name, control, branch])
    with veneer.mount(f"{name}@{branch}", os.path.join(options.mounts, branch)) as mount:
        before = train(mount.path, test, f"before-{seed}", seed)
        keys = by_suspicion(mount, before["run"])
        found["recalls"] = {share: recall_at(keys, wrong, share) for share in SHARES}
        found["before"] = before["accuracy"]
        message = f"review: the {budget} most suspect"
        found["restored"], found["review_bytes"] = review(mount, truth, keys[:budget], message)
        found["recall"] = found["restored"] / len(wrong)
        found["after"] = train(mount.path, test, f"after-{seed}", seed)["accuracy"]
    with veneer.mount(f"{name}@{control}", os.path.join(options.mounts, control)) as mount:
        keys = np.random.default_rng(2000 + seed).permutation(sorted(truth))[:budget].tolist()
        restored, _ = review(mount, truth, keys, f"review: {budget} at random")
        found["random_recall"] = restored / len(wrong)
        found["random"] = train(mount.path, test, f"random-{seed}", seed)["accuracy"]
    return found


def spread(values, scale=100):
    return f"{scale * statistics.mean(values):6.2f} ± {scale * statistics.stdev(values):.2f}"


def tell(results):
    """The table of all seeds, and their means with standard deviations."""
    columns = ("published", "before", "random", "after")
    print(f"{'seed':<14}" + "".join(f"{name:>15}" for name in (*columns, "recall")))
    for one in results:
        cells = [f"{100 * one[name]:.2f}" for name in (*columns, "recall")]
        print(f"{one['seed']:<14}" + "".join(f"{cell:>15}" for cell in cells))
    if len(results) > 1:
        cells = [spread([one[name] for one in results]) for name in (*columns, "recall")]
        print(f"{'mean ± sd':<14}" + "".join(f"{cell:>15}" for cell in cells))
        print(f"after − before, by seed: {spread([one['after'] - one['before'] for one in results])} points")
        print(f"random − before:         {spread([one['random'] - one['before'] for one in results])} points")
        print(f"recall at random:        {spread([one['random_recall'] for one in results])} %")
    for share in SHARES:
        recalls = [one["recalls"][share] for one in results]
        print(f"recall of the first {share:4.0%}:     {100 * statistics.mean(recalls):6.2f} %")
    noise, reviews = ([one[name] for one in results] for name in ("noise_bytes", "review_bytes"))
    print(f"bytes of a revision of noise:  {min(noise):,} to {max(noise):,} ({results[0]['damaged']} labels)")
    print(f"bytes of a revision of review: {min(reviews):,} to {max(reviews):,}")


def main():
    words = argparse.ArgumentParser(description="The closed loop on real data.")
    for name in ("dataset", "mounts", "test", "result"):
        words.add_argument(name)
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--noise", type=float, default=0.1)
    words.add_argument("--budget", type=float, default=0.1)
    options = words.parse_args()
    with open(TRAIN, "rb") as file:
        script = hashlib.sha256(file.read()).hexdigest()
    truth = labels_of(veneer.dataset(f"{options.dataset}@main"))
    results = []
    for seed in range(options.seeds):
        start = time.monotonic()
        results.append(of_seed(seed, options, truth))
        took = time.monotonic() - start
        print(f"seed {seed}: {took:.0f} s, {json.dumps(results[-1])}", file=sys.stderr)
    with open(TRAIN, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != script:
            raise SystemExit("error: the script that trains has changed meanwhile: these are no results")
    with open(options.result, "w", encoding="utf-8") as file:
        json.dump({"images": len(truth), "script_sha256": script, "seeds": results}, file, indent=1)
    print(f"{len(truth)} images; the script that trains is the same before and after: sha256 {script[:16]}…")
    tell(results)


if __name__ == "__main__":
    main()
