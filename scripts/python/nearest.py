#!/usr/bin/env python3
"""Trains a very small classifier on a mounted folder, and tells the service what it thought of every image.

usage: nearest.py MOUNT URL NAME [EPOCHS]

An image is 49 means of 4 × 4 pixels; a class is the mean of its images, and the nearest class is what an image
is taken for. Each epoch sees more of the images; there are three, or fewer. Standard library
alone: the run goes over HTTP as it is documented.
"""

import json
import math
import os
import sys
import urllib.request

import png

SIDE = 28
BLOCK = 4
# Which part of the images each epoch learns from.
PARTS = (50, 5, 1)


def features(path):
    with open(path, "rb") as file:
        rows = png.decode(file.read())
    means = []
    for top in range(0, SIDE, BLOCK):
        for left in range(0, SIDE, BLOCK):
            means.append(sum(sum(row[left : left + BLOCK]) for row in rows[top : top + BLOCK]) / (255 * BLOCK * BLOCK))
    return means


def read(mount):
    """(path in the mount, class, features) of all images."""
    images = []
    for label in sorted(entry.name for entry in os.scandir(mount) if entry.is_dir()):
        for name in sorted(os.listdir(os.path.join(mount, label))):
            images.append((f"{label}/{name}", label, features(os.path.join(mount, label, name))))
    return images


def centres(images):
    sums = {}
    for _, label, values in images:
        count, total = sums.setdefault(label, (0, [0.0] * len(values)))
        sums[label] = (count + 1, [one + other for one, other in zip(total, values)])
    return {label: [one / count for one in total] for label, (count, total) in sums.items()}


def judged(images, means):
    """Columns of what the classifier thinks of each image."""
    columns = {"sample": [], "loss": [], "predicted": [], "confidence": []}
    right = 0
    for path, label, values in images:
        near = {one: -4 * sum((a - b) ** 2 for a, b in zip(values, mean)) for one, mean in means.items()}
        highest = max(near.values())
        total = sum(math.exp(one - highest) for one in near.values())
        best = max(near, key=near.get)
        columns["sample"].append(path)
        columns["loss"].append(math.log(total) + highest - near[label])
        columns["predicted"].append(best)
        columns["confidence"].append(1 / total)
        right += best == label
    return columns, right / len(images)


def ask(method, url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def keys(url, dataset, revision):
    """The samples' keys by their paths: an image that was moved to another class has kept its key."""
    query = f"SELECT key, path FROM at('{dataset}', 'samples', '{revision}')"
    return {path: key for key, path in ask("POST", f"{url}/v1/sql", {"query": query, "limit": 100_000})["rows"]}


def main():
    mount, url, name, *epochs = sys.argv[1:]
    parts = PARTS[: int(epochs[0])] if epochs else PARTS
    with open(os.path.join(mount, ".veneer", "info.json"), encoding="utf-8") as file:
        info = json.load(file)
    images = read(mount)
    begun = {"name": name, "dataset": info["dataset"], "ref": info["revision"], "parameters": {"classifier": "nearest"}}
    run = ask("POST", f"{url}/v1/runs", begun)["name"]
    key_of = keys(url, info["dataset"], info["revision"])
    for epoch, part in enumerate(parts):
        columns, accuracy = judged(images, centres(images[::part]))
        columns["sample"] = [key_of[path] for path in columns["sample"]]
        ask("PUT", f"{url}/v1/runs/{run}/batches/epoch-{epoch}", {"columns": {**columns, "epoch": epoch}})
        mean_loss = sum(columns["loss"]) / len(images)
        scalars = {"accuracy": [[epoch, accuracy]], "loss": [[epoch, mean_loss]]}
        ask("PUT", f"{url}/v1/runs/{run}/scalars/epoch-{epoch}", {"scalars": scalars})
        print(f"epoch {epoch}: accuracy {accuracy:.4f}, loss {mean_loss:.4f}")
    ask("PATCH", f"{url}/v1/runs/{run}", {"status": "finished"})
    print(f"run {run}: {len(images)} images, {len(parts)} epochs")


if __name__ == "__main__":
    main()
