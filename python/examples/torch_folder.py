"""A small network of PyTorch on class folders of images: ``python torch_folder.py /mnt/traffic``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

import veneer
from veneer.hooks.torch import Collector


class Folder:
    """Class folders, as `ImageFolder` of torchvision has them: any object with a length and items will do."""

    def __init__(self, top: str) -> None:
        paths = sorted(path for path in Path(top).glob("*/*") if path.parent.name[0] != ".")
        classes = sorted({path.parent.name for path in paths})
        self.samples = [(str(path), classes.index(path.parent.name)) for path in paths]
        self.classes = classes

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, at: int) -> tuple[Any, int]:
        path, number = self.samples[at]
        # Whatever turns an image into numbers; here its bytes, so that no other package is needed.
        content = Path(path).read_bytes().ljust(4096, b"\0")[:4096]
        return torch.tensor(list(content), dtype=torch.float32) / 255, number


def main(mount: str) -> None:
    torch.manual_seed(0)
    data = Folder(mount)
    loader = DataLoader(data, batch_size=16, shuffle=True)
    model = torch.nn.Sequential(torch.nn.Linear(4096, 32), torch.nn.ReLU(), torch.nn.Linear(32, len(data.classes)))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with veneer.start_run("torch", data=mount) as run:
        collector = Collector(run, model, loader)
        for epoch in range(4):
            for inputs, classes in loader:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs), classes).backward()
                optimizer.step()
            collector.record(epoch)
    print(f"run {run.name}: {len(data)} images")


if __name__ == "__main__":
    main(sys.argv[1])
