"""A small transformer that reads files byte by byte, in class folders: ``python transformers_bytes.py /mnt/traffic``.

Bytes are its tokens, and it begins from nothing: no tokenizer and no weights have to be fetched.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import veneer
from veneer.hooks.transformers import callback

LENGTH = 128


class Files:
    def __init__(self, top: str) -> None:
        self.paths = sorted(path for path in Path(top).glob("*/*") if path.parent.name[0] != ".")
        self.classes = sorted({path.parent.name for path in self.paths})

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, at: int) -> dict[str, Any]:
        content = self.paths[at].read_bytes()[-LENGTH:]
        ids = torch.tensor(list(content.ljust(LENGTH, b"\0")))
        return {"input_ids": ids, "labels": self.classes.index(self.paths[at].parent.name)}


def main(mount: str) -> None:
    torch.manual_seed(0)
    data = Files(mount)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=256, max_position_embeddings=LENGTH, num_labels=len(data.classes), **sizes)
    with tempfile.TemporaryDirectory() as folder, veneer.start_run("transformers", data=mount) as run:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=4,
            per_device_train_batch_size=4,
            learning_rate=3e-3,
            logging_strategy="epoch",
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
        )
        trainer = Trainer(BertForSequenceClassification(config), arguments, train_dataset=data)
        trainer.add_callback(callback(run, trainer, sample=data.paths))
        trainer.train()
    print(f"run {run.name}: {len(data)} files")


if __name__ == "__main__":
    main(sys.argv[1])
