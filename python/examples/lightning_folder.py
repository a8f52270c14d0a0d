"""A small module of PyTorch Lightning on class folders of images: ``python lightning_folder.py /mnt/traffic``."""

from __future__ import annotations

import sys
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader
from torch_folder import Folder

import veneer
from veneer.hooks.lightning import callback


class Network(LightningModule):  # type: ignore[misc]
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4096, 32), torch.nn.ReLU(), torch.nn.Linear(32, classes))

    def forward(self, inputs: Any) -> Any:
        return self.layers(inputs)

    def training_step(self, batch: Any, at: int) -> Any:
        inputs, classes = batch
        loss = torch.nn.functional.cross_entropy(self(inputs), classes)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=3e-3)


def main(mount: str) -> None:
    torch.manual_seed(0)
    data = Folder(mount)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    with veneer.start_run("lightning", data=mount) as run:
        trainer = Trainer(max_epochs=4, accelerator="cpu", callbacks=[callback(run)], **quiet)
        trainer.fit(Network(len(data.classes)), DataLoader(data, batch_size=16, shuffle=True))
    print(f"run {run.name}: {len(data)} images")


if __name__ == "__main__":
    main(sys.argv[1])
