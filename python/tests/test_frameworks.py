"""What the hooks of large frameworks record, with the real ones: `requirements-frameworks.txt` installs them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hooked import NUMBER, agree, example, features

import veneer
from conftest import KEYS, Service, mount_or_skip
from veneer import programs


def need(*names: str) -> None:
    """Skips the test, and says why, where a package is not installed; it is not imported yet."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed here")


def curves(served: Service, name: str) -> dict[str, list[list[float]]]:
    """The scalars of a run: steps and values by name."""
    found = served.client.get(f"/v1/runs/{name}/scalars")["curves"]
    return {curve["name"]: curve["points"] for curve in found}


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Keras on the first of its backends that is installed."""
    need("keras")
    for backend in ("jax", "torch", "tensorflow"):
        if importlib.util.find_spec(backend) is not None:
            monkeypatch.setenv("KERAS_BACKEND", backend)
            return importlib.import_module("keras")
    pytest.skip("no backend of Keras that can train is installed here")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_keras_records_a_model_at_the_end_of_each_epoch(
    served: Service, mounted: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("keras", backend)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert example("keras_folder.py", mounted) == "run keras: 60 images\n"
    told = served.run("keras")
    assert (told["epochs"], told["status"], told["rows"]) == (8, "finished", 480)
    rows = served.rows("keras", epoch="7")
    assert [row["sample"] for row in rows] == sorted(KEYS)
    agree(rows)
    assert {name: len(points) for name, points in curves(served, "keras").items()} == {"loss": 8, "accuracy": 8}


@pytest.mark.parametrize("form", ["name", "logits", "one column", "one hot", "function"])
def test_the_losses_of_keras_have_the_mean_that_keras_measures(
    keras: Any, served: Service, mounted: str, form: str
) -> None:
    x, of = features().astype(np.float32), keras.losses
    labels, last, loss = {
        "name": (NUMBER, "softmax", "sparse_categorical_crossentropy"),
        "logits": (NUMBER, None, of.SparseCategoricalCrossentropy(from_logits=True)),
        "one column": (NUMBER // 2, "sigmoid", "binary_crossentropy"),
        "one hot": (np.eye(3)[NUMBER], "softmax", of.CategoricalCrossentropy(label_smoothing=0.1)),
        "function": (np.eye(3)[NUMBER], "softmax", of.mean_squared_error),
    }[form]
    width = 1 if form == "one column" else 3
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(width, activation=last)])
    model.compile(optimizer="sgd", loss=loss)
    from veneer.hooks.keras import callback

    with veneer.start_run("losses", data=mounted) as run:
        record = callback(run, x, labels, sample=KEYS, every=2)
        model.fit(x, labels, epochs=3, verbose=0, callbacks=[record])
    rows = served.rows("losses")
    # Each second of three epochs, and the last.
    assert sorted({row["epoch"] for row in rows}) == [1, 2] and len(rows) == 2 * len(KEYS)
    measured = model.evaluate(x, labels, verbose=0)
    assert np.mean([row["loss"] for row in rows if row["epoch"] == 2]) == pytest.approx(measured, rel=1e-4)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_epoch_that_ends_keras_early_is_recorded_as_it_was(
    keras: Any, served: Service, mounted: str, is_first: bool
) -> None:
    x = features().astype(np.float32)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    from veneer.hooks.keras import callback

    stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=100, patience=0, restore_best_weights=True)
    with veneer.start_run("each", data=mounted) as each, veneer.start_run("last", data=mounted) as last:
        records = [callback(run, x, NUMBER, sample=KEYS, every=every) for run, every in ((each, 1), (last, 5))]
        both = [stop, *records] if is_first else [*records, stop]
        model.fit(x, NUMBER, epochs=9, verbose=0, callbacks=both)
    # Nothing gets better by 100: the second epoch is the last, and the first one's weights are put back.
    assert {row["epoch"] for row in served.rows("each")} == {0, 1}
    assert served.rows("last") == served.rows("each", epoch="1") != []


def test_keras_refuses_what_is_no_classifier(keras: Any, served: Service, mounted: str) -> None:
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Reshape((2, 2)), keras.layers.Dense(3)])
    model.compile(loss="mse")
    from veneer.hooks.keras import callback

    run = veneer.start_run("odd", data=mounted)
    x = features()
    with pytest.raises(veneer.InvalidError, match=r"no classes of 60 samples: \(60, 2, 3\)"):
        model.fit(x, np.zeros((60, 2, 3)), verbose=0, callbacks=[callback(run, x, NUMBER, sample=KEYS)])
    run.finish()


def test_lightning_records_a_module_at_the_end_of_each_epoch(served: Service, mounted: str) -> None:
    need("lightning", "torch")
    assert example("lightning_folder.py", mounted) == "run lightning: 60 images\n"
    told = served.run("lightning")
    assert (told["epochs"], told["status"], told["rows"]) == (4, "finished", 240)
    rows = served.rows("lightning", epoch="3")
    assert [row["sample"] for row in rows] == sorted(KEYS)
    agree(rows)
    found = curves(served, "lightning")
    assert {name: [step for step, _ in points] for name, points in found.items()} == {
        name: [0, 1, 2, 3] for name in ("loss", "accuracy", "lightning/train_loss")
    }
    assert found["loss"][3][1] == pytest.approx(np.mean([row["loss"] for row in rows]), rel=1e-4)


def test_lightning_records_a_part_that_was_not_trained_on_each_second_epoch_and_the_last(
    served: Service, mounted: str
) -> None:
    need("lightning")
    torch = pytest.importorskip("torch")
    from lightning.pytorch import LightningModule, Trainer

    from veneer.hooks.lightning import callback

    class Module(LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 3)

        def forward(self, inputs: Any) -> Any:
            return self.layer(inputs)

        def training_step(self, batch: Any, at: int) -> Any:
            return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = torch.utils.data.TensorDataset(torch.tensor(features()).float(), torch.tensor(NUMBER))
    train, rest = (torch.utils.data.Subset(data, range(at, 60, 2)) for at in (0, 1))
    loaders = [torch.utils.data.DataLoader(part, batch_size=8) for part in (train, rest)]
    off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    with veneer.start_run("rest", data=mounted) as run:
        record = callback(run, loaders[1], sample=KEYS[1::2], every=2)
        Trainer(max_epochs=3, accelerator="cpu", callbacks=[record], **dict.fromkeys(off, False)).fit(
            Module(), loaders[0]
        )
        with pytest.raises(veneer.InvalidError, match="has 30 samples, and named are none"):
            Trainer(max_epochs=3, accelerator="cpu", callbacks=[callback(run)], **dict.fromkeys(off, False)).fit(
                Module(), loaders[0]
            )
    rows = served.rows("rest")
    assert {row["epoch"] for row in rows} == {1, 2} and {row["sample"] for row in rows} == set(KEYS[1::2])
    agree(rows)


def test_transformers_records_a_model_at_the_end_of_each_epoch(served: Service, mounted: str) -> None:
    need("transformers", "torch", "accelerate")
    assert example("transformers_bytes.py", mounted).endswith("run transformers: 60 files\n")
    told = served.run("transformers")
    assert (told["epochs"], told["status"], told["rows"]) == (4, "finished", 240)
    rows = served.rows("transformers", epoch="3")
    assert [row["sample"] for row in rows] == sorted(KEYS)
    agree(rows)
    found = curves(served, "transformers")
    # Four epochs of fifteen steps.
    assert [step for step, _ in found["trainer/loss"]] == [15, 30, 45, 60]


def test_transformers_gives_a_text_the_mean_loss_of_its_own_tokens(served: Service, mounted: str, home: Path) -> None:
    need("accelerate")
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from veneer.hooks.transformers import callback

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    config = transformers.BertConfig(vocab_size=16, num_labels=3, **sizes)
    model = transformers.BertForTokenClassification(config)
    rng = np.random.default_rng(2)
    data = []
    for at in range(10):
        labels = rng.integers(0, 3, 6)
        labels[at % 5 + 1 :] = -100
        # A column that the model does not take is left out, as the Trainer does.
        data.append({"input_ids": rng.integers(0, 16, 6), "labels": labels, "name": at})
    arguments = transformers.TrainingArguments(
        str(home / "out"), num_train_epochs=3, report_to="none", save_strategy="no", use_cpu=True, disable_tqdm=True
    )
    with veneer.start_run("tokens", data=mounted) as run:
        trainer = transformers.Trainer(model, arguments, train_dataset=data)
        with pytest.raises(veneer.InvalidError, match="has 10 samples, and named are 60"):
            callback(run, trainer, sample=KEYS)
        trainer.add_callback(callback(run, trainer, sample=KEYS[:10], every=2))
        trainer.train()
        assert model.training
    rows = served.rows("tokens")
    # Each second of three epochs, and the last.
    assert [row["epoch"] for row in rows] == [1] * 10 + [2] * 10
    assert all(row.get("predicted") is None for row in rows)
    model.eval()
    for row, one in zip([row for row in rows if row["epoch"] == 2], data, strict=True):
        with torch.no_grad():
            told = model(torch.tensor(one["input_ids"])[None], labels=torch.tensor(one["labels"])[None])
        assert row["loss"] == pytest.approx(float(told.loss), rel=1e-4)


@pytest.fixture
def signs(served: Service, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mount of a dataset in YOLO's form: in each picture a red sign or a blue post, or one of each."""
    need("torch")
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(home))
    cv2 = pytest.importorskip("cv2", reason="ultralytics is not installed here")
    rng = np.random.default_rng(4)
    for part, count in (("train", 24), ("val", 8)):
        for kind in ("images", "labels"):
            (home / "signs" / kind / part).mkdir(parents=True)
        for at in range(count):
            picture, lines = rng.integers(90, 110, (60, 80, 3)).astype(np.uint8), []
            for number in ([0], [1], [0, 1])[at % 3]:
                width, height = ((24, 16), (8, 40))[number]
                left, top = int(rng.integers(0, 16)) + 40 * number, int(rng.integers(0, 60 - height))
                picture[top : top + height, left : left + width] = ((0, 0, 255), (255, 0, 0))[number]
                middle = (left + width / 2) / 80, (top + height / 2) / 60
                lines.append(f"{number} {middle[0]:.6f} {middle[1]:.6f} {width / 80:.6f} {height / 60:.6f}\n")
            cv2.imwrite(str(home / f"signs/images/{part}/{at}.png"), picture)
            (home / f"signs/labels/{part}/{at}.txt").write_text("".join(lines))
    (home / "signs/data.yaml").write_text("train: images/train\nval: images/val\nnames:\n  0: sign\n  1: post\n")
    programs.run(["import", "signs", str(home / "signs")])
    return str(home / "mnt-signs")


def test_ultralytics_records_the_boxes_of_each_validation(served: Service, signs: str) -> None:
    need("ultralytics")
    with mount_or_skip("signs@main", Path(signs)):
        assert example("ultralytics_boxes.py", f"{signs}/data.yaml", "60").endswith("run yolo: 60 epochs\n")
    told = served.run("yolo")
    # The last look at the best weights is no epoch.
    assert (told["epochs"], told["status"], told["rows"]) == (60, "finished", 480)
    rows = served.rows("yolo", epoch="59")
    assert [row["sample"] for row in rows] == [f"images/val/{at}.png" for at in range(8)]
    labelled = [(1, 1, 2)[at % 3] for at in range(8)]
    for row, count in zip(rows, labelled, strict=True):
        assert 0 <= row["missed"] <= count and row["spurious"] == len(row["boxes"]) - (count - row["missed"])
    # So much does it learn in a minute.
    assert sum(row["missed"] for row in rows) < sum(labelled)
    found = curves(served, "yolo")
    assert {len(points) for points in found.values()} == {60} and "metrics/mAP50(B)" in found


def test_boxes_of_ultralytics_are_those_that_it_writes_itself(served: Service, signs: str, home: Path) -> None:
    need("ultralytics")
    import torch
    from ultralytics import YOLO

    from veneer.hooks.ultralytics import attach

    quiet = {"device": "cpu", "plots": False, "verbose": False, "imgsz": 64, "conf": 1e-6, "agnostic_nms": True}
    with mount_or_skip("signs@main", Path(signs)), veneer.start_run("val", data=signs) as run:
        model = attach(run, YOLO("yolo11n.yaml"), confidence_min=0)
        for branch in model.model.model[-1].cv2:
            # As it begins, every box is larger than the picture: here each side is a quarter step from the middle.
            branch[-1].weight.data.zero_()
            branch[-1].bias.data.view(4, -1)[:, :2] = torch.tensor([20.0, 20 - np.log(3)])
        told = model.val(
            data=f"{signs}/data.yaml", batch=3, project=str(home), name="out", save_txt=True, save_conf=True, **quiet
        )
        model.val(data=f"{signs}/data.yaml", batch=1, project=str(home), name="again", **quiet)
    assert {row["epoch"] for row in served.rows("val")} == {0, 1}
    rows = served.rows("val", epoch="0")
    assert [row["sample"] for row in rows] == [f"images/val/{at}.png" for at in range(8)]
    assert any(0 < box["box"][0] < box["box"][2] < 80 for row in rows for box in row["boxes"])
    for row in rows:
        lines = (Path(told.save_dir) / "labels" / f"{Path(row['sample']).stem}.txt").read_text().splitlines()
        for line, box in zip(lines, row["boxes"], strict=True):
            number, *middle, confidence = (float(word) for word in line.split())
            x, y, width, height = np.array(middle) * [80, 60, 80, 60]
            assert box["label"] == model.names[int(number)]
            assert box["box"] == pytest.approx([x - width / 2, y - height / 2, x + width / 2, y + height / 2], abs=0.01)
            assert box["confidence"] == pytest.approx(confidence, abs=1e-3)


def test_ultralytics_is_refused_for_what_finds_no_boxes(served: Service, animals: Path, signs: str) -> None:
    need("ultralytics")
    from ultralytics import YOLO

    from veneer.hooks.ultralytics import attach

    with veneer.start_run("classes", data="animals") as run, pytest.raises(veneer.InvalidError, match="`classify`"):
        attach(run, YOLO("yolo11n-cls.yaml"))


def test_boxes_are_met_once_by_the_surest_of_their_class() -> None:
    from veneer.hooks.boxes import matched

    truth, labels = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]]), np.array([0, 1])

    def met(*found: tuple[list[float], int]) -> int:
        sides = np.array([box for box, _ in found], dtype=float).reshape(-1, 4)
        return matched(truth, labels, sides, np.array([number for _, number in found]), 0.5)

    assert met() == 0
    assert met(([0, 0, 10, 9], 0), ([0, 0, 10, 10], 0)) == 1
    assert met(([0, 0, 10, 10], 1)) == 0
    assert met(([0, 0, 10, 4], 0), ([21, 0, 30, 10], 1)) == 1
    assert met(([1, 0, 10, 10], 0), ([20, 0, 30, 10], 1)) == 2
    assert matched(np.zeros((0, 4)), np.zeros(0), truth, labels, 0.5) == 0
