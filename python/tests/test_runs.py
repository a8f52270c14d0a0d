"""What three lines in a training record."""

from __future__ import annotations

import datetime
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import veneer
from conftest import CLASSES, KEYS, Service, until


def softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def test_three_lines_record_what_was_thought_of_each_sample(served: Service, mounted: str) -> None:
    rng = np.random.default_rng(1)
    paths = [os.path.join(mounted, key) for key in KEYS]
    losses = rng.random((3, len(KEYS))).astype(np.float32)
    logits = rng.normal(size=(3, len(KEYS), 3)).astype(np.float32)

    run = veneer.start_run("first", data=mounted)
    for epoch in range(3):
        run.log(epoch=epoch, sample=paths, loss=losses[epoch], predicted=logits[epoch])
    run.finish()

    told = served.run("first")
    assert told["status"] == "finished"
    assert told["revision"] == Path(mounted, ".veneer/revision").read_text().strip()
    assert (told["dataset"], told["table"], told["rows"], told["epochs"]) == ("animals", "samples", 180, 3)
    rows = served.rows("first")
    assert [row["sample"] for row in rows] == KEYS * 3
    assert [row["loss"] for row in rows] == losses.reshape(-1).tolist()
    assert [row["predicted"] for row in rows] == [CLASSES[at] for at in logits.argmax(axis=2).reshape(-1)]
    confidence = softmax(logits.reshape(-1, 3)).max(axis=1)
    np.testing.assert_allclose([row["confidence"] for row in rows], confidence, rtol=1e-5)
    assert not list(Path(os.environ["VENEER_SPOOL"]).iterdir())


def test_the_mount_stays_where_it_is_until_the_run_ends(served: Service, mounted: str) -> None:
    revision = Path(mounted, ".veneer/revision")
    before = revision.read_text()
    with veneer.start_run("holds", data=mounted) as run:
        with veneer.dataset("animals").edit("one less") as edit:
            edit.remove("cat/00.png")
        run.log(epoch=0, sample=["cat/00.png"], loss=[1.0])
        assert Path(mounted, "cat/00.png").exists() and revision.read_text() == before
    until(lambda: not Path(mounted, "cat/00.png").exists(), "the mount moves on")
    assert served.run("holds")["revision"] == before.strip()


def test_a_moved_image_is_known_by_its_path_and_by_its_key(served: Service, mounted: str) -> None:
    with veneer.dataset("animals").edit("it is a dog") as edit:
        edit.set("cat/00.png", label="dog")
    until(lambda: Path(mounted, "dog/00-2.png").exists(), "the mount moves on")
    with veneer.start_run("moved", data=mounted) as run:
        run.log(epoch=0, sample=[os.path.join(mounted, "dog/00-2.png")], loss=[1.0])
        run.log(epoch=1, sample=["cat/00.png"], loss=[2.0])
    assert [row["sample"] for row in served.rows("moved")] == ["cat/00.png", "cat/00.png"]


def test_samples_are_paths_keys_or_indices_of_a_list(served: Service, mounted: str) -> None:
    pairs = [(os.path.join(mounted, key), at // 20) for at, key in enumerate(KEYS)]
    link = Path(mounted).parent / "link"
    link.symlink_to(mounted)
    ways: list[dict[str, Any]] = [
        {"sample": ["cat/03.png", "dog/04.png"]},
        {"sample": ("./cat/03.png", "cat/../dog/04.png")},
        {"sample": [Path(mounted, "cat/03.png"), Path(mounted, "dog/04.png")]},
        {"sample": [b"cat/03.png", b"dog/04.png"]},
        {"sample": [str(link / "cat/03.png"), str(link / "dog/04.png")]},
        {"sample": np.array(["cat/03.png", "dog/04.png"])},
        {"sample": np.array([3, 44]), "among": pairs},
        {"sample": [3, 44], "among": KEYS},
        {"sample": pa.array([3, 44]), "among": KEYS},
    ]
    with veneer.start_run("names", data=mounted) as run:
        for epoch, way in enumerate(ways):
            run.log(epoch=epoch, loss=[0.0, 1.0], **way)
    rows = served.rows("names")
    assert [row["sample"] for row in rows] == ["cat/03.png", "dog/04.png"] * len(ways)
    with veneer.start_run("by-address", data="animals") as run:
        run.log(sample=[os.path.join(mounted, "cat/03.png")], loss=[1.0])
    assert [row["sample"] for row in served.rows("by-address")] == ["cat/03.png"]
    with veneer.start_run("indices", data=mounted, samples=pairs) as run:
        run.log(sample=[44], loss=[1.0])
    assert [row["sample"] for row in served.rows("indices")] == ["dog/04.png"]


@pytest.mark.parametrize(
    ("value", "predicted", "confidence"),
    [
        (["cow", "dog"], ["cow", "dog"], None),
        (np.array([2, 0]), ["dog", "cat"], None),
        ([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], ["cat", "dog"], [0.5, 1.0]),
        (np.array([[0.0, np.log(2), 0.0], [np.nan, 1.0, 0.0]]), ["cow", None], [0.5, None]),
    ],
)
def test_predictions_become_classes_by_name(
    served: Service, animals: Path, value: Any, predicted: list[str | None], confidence: list[float] | None
) -> None:
    with veneer.start_run("predicts", data="animals@main") as run:
        run.log(sample=["cat/00.png", "cat/01.png"], predicted=value)
    rows = served.rows("predicts")
    assert [row["predicted"] for row in rows] == predicted
    if confidence is not None:
        found = [row["confidence"] for row in rows]
        np.testing.assert_allclose(
            np.array(found, dtype=float), np.array(confidence, dtype=float), rtol=1e-6, equal_nan=True
        )


def test_named_classes_go_before_those_of_the_dataset_and_others_stay_numbers(served: Service, animals: Path) -> None:
    with veneer.start_run("own", data="animals", classes=["A", "B"]) as run:
        run.log(sample=["cat/00.png", "cat/01.png"], predicted=[1, 7])
    assert [row["predicted"] for row in served.rows("own")] == ["B", "7"]
    with veneer.start_run("wide", data="animals") as run:
        run.log(sample=["cat/00.png"], predicted=np.eye(1, 10, 4))
    assert [row["predicted"] for row in served.rows("wide")] == [4]


def test_any_number_text_vector_and_single_value_is_a_column(served: Service, animals: Path) -> None:
    with veneer.start_run("columns", data="animals") as run:
        run.log(
            {"top/5": [True, False]},
            sample=["cat/00.png", "cat/01.png"],
            epoch=np.array([3, 4]),
            note=["odd", None],
            split="train",
            vector=np.arange(4.0).reshape(2, 2),
            whole=np.arange(8).reshape(2, 2, 2),
            ragged=[[1, 2], []],
            count=np.array([1, 2], dtype=np.uint8),
            half=np.array([0.5, 1.5], dtype=np.float16),
            when=[datetime.datetime(2026, 1, 2, 3), None],
        )
    first, second = served.rows("columns")
    assert (first["epoch"], second["epoch"]) == (3, 4)
    assert (first["note"], second["note"], second["split"], first["top/5"]) == ("odd", None, "train", True)
    assert (first["when"], second["when"]) == (datetime.datetime(2026, 1, 2, 3), None)
    assert (first["vector"], second["whole"]) == ([0.0, 1.0], [4, 5, 6, 7])
    assert (first["ragged"], second["ragged"], second["count"], second["half"]) == ([1, 2], [], 2, 1.5)


def test_boxes_of_detectors_are_lists_of_boxes(served: Service, animals: Path) -> None:
    class Result:
        """What Ultralytics gives for an image."""

        class Boxes:
            xyxy, conf, cls = np.array([[1.0, 2, 3, 4]]), np.array([0.5]), np.array([1.0])

        boxes = Boxes()

    found = [
        {"boxes": np.array([[1.0, 2, 3, 4]]), "labels": np.array([1]), "scores": np.array([0.5])},
        np.array([[1.0, 2, 3, 4, 0.5, 1]]),
        Result(),
        np.zeros((0, 6)),
        {"boxes": [[1.0, 2, 3, 4]], "labels": ["sheep"]},
    ]
    with veneer.start_run("boxes", data="animals") as run:
        run.log(sample=KEYS[:5], boxes=found)
    rows = [row["boxes"] for row in served.rows("boxes")]
    box = {"label": "cow", "box": [1.0, 2.0, 3.0, 4.0], "form": "xyxy", "key": "0", "confidence": 0.5}
    assert rows == [[box], [box], [box], [], [{**box, "label": "sheep", "confidence": None}]]


def test_arrays_that_are_changed_behind_the_call_were_recorded_as_they_were(served: Service, animals: Path) -> None:
    losses, names = np.zeros(60), list(KEYS)
    with veneer.start_run("copies", data="animals") as run:
        for epoch in range(20):
            losses[:] = epoch
            run.log(epoch=epoch, sample=names, loss=losses)
        losses[:] = -1
        names[:] = ["?"] * 60
    assert all(row["loss"] == row["epoch"] for row in served.rows("copies"))


def test_tensors_of_torch_are_taken_as_they_are(served: Service, animals: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed here")
    logits = torch.randn(60, 3, requires_grad=True)
    target = torch.arange(60) // 20
    losses = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    with veneer.start_run("torch", data="animals") as run:
        run.log(epoch=0, sample=KEYS, loss=losses, predicted=logits)
        run.log(epoch=1, sample=torch.arange(60), among=KEYS, loss=losses.bfloat16())
    rows = served.rows("torch")
    np.testing.assert_allclose([row["loss"] for row in rows[:60]], losses.detach().numpy(), rtol=1e-6)
    assert [row["predicted"] for row in rows[:60]] == [CLASSES[at] for at in logits.argmax(1).tolist()]


def test_embeddings_are_kept_and_reduced(served: Service, animals: Path) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 16)) * np.array([9, 5] + [0.1] * 14)
    with veneer.start_run("vectors", data="animals") as run:
        run.log_embeddings(sample=KEYS, embedding=vectors, reduce="pca")
        with pytest.raises(veneer.InvalidError, match=r"umap-learn|no way to reduce"):
            run.log_embeddings(sample=KEYS, embedding=vectors, reduce="tsne")  # type: ignore[arg-type]
        with pytest.raises(veneer.InvalidError, match="some are NaN or infinite"):
            run.log_embeddings(sample=KEYS, embedding=vectors * np.nan, reduce="pca")
        with pytest.raises(veneer.InvalidError, match="2 or 3 dimensions, and not 4"):
            run.log_embeddings(sample=KEYS, embedding=vectors, reduce="pca", dims=4)  # type: ignore[arg-type]
    rows = served.rows("vectors")
    np.testing.assert_allclose([row["embedding"] for row in rows], vectors, rtol=1e-6)
    sides, sizes, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    for at, axis in enumerate("xy"):
        found, expected = np.array([row[axis] for row in rows]), sides[:, at] * sizes[at]
        np.testing.assert_allclose(found * np.sign(found[0]), expected * np.sign(expected[0]), atol=1e-3)


def test_scalars_and_parameters_are_of_the_run_as_a_whole(served: Service, animals: Path) -> None:
    with veneer.start_run("whole", data="animals", parameters={"lr": np.float32(0.5), "net": object}) as run:
        run.log_scalars(step=1, accuracy=np.float32(0.5))
        run.log_scalars({"val/loss": float("nan")}, step=2, accuracy=0.75)
        run.parameters["seed"] = 7
        run.parameters(depth=18, more={"a": [1, float("inf")]})
        del run.parameters["lr"]
        with pytest.raises(veneer.InvalidError, match="`name` is no number"):
            run.log_scalars(name="x")  # type: ignore[arg-type]
    told = served.run("whole")
    parameters = told["parameters"]
    assert (parameters["seed"], parameters["depth"], parameters["more"]) == (7, 18, {"a": [1, "inf"]})
    assert "lr" not in parameters and "python" in parameters and "object" in parameters["net"]
    curves = served.client.get("/v1/runs/whole/scalars")["curves"]
    assert {curve["name"]: curve["points"] for curve in curves} == {
        "accuracy": [[1, 0.5], [2, 0.75]],
        "val/loss": [[2, None]],
    }


def test_two_runs_of_one_name_are_two(served: Service, animals: Path, warnings: Callable[[], list[str]]) -> None:
    for loss in (1.0, 2.0):
        with veneer.start_run("same", data="animals") as run:
            run.log(sample=["cat/00.png"], loss=[loss])
    assert (run.name, "this one is" in warnings()[0]) == ("same-2", True)
    assert [served.rows(name)[0]["loss"] for name in ("same", "same-2")] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        ("", "finished", None),
        ("raise ValueError('of the training')", "failed", "ValueError: of the training"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "failed", "KeyboardInterrupt"),
        ("sys.exit(0)", "finished", None),
    ],
)
def test_a_run_ends_with_its_script(
    served: Service, animals: Path, script: Callable[..., Any], end: str, status: str, error: str | None
) -> None:
    process = script(f"""
        import sys, time, veneer
        run = veneer.start_run("script", data="animals")
        run.log(epoch=0, sample=["cat/00.png"], loss=[1.0])
        {end}
    """)
    process.communicate(timeout=60)
    told = served.run("script")
    assert (told["status"], told["error"], told["rows"]) == (status, error, 1)


def test_an_error_within_a_with_fails_the_run(served: Service, animals: Path) -> None:
    with pytest.raises(ZeroDivisionError), veneer.start_run("fails", data="animals") as run:
        run.log(sample=["cat/00.png"], loss=[1 / 0])
    told = served.run("fails")
    assert (told["status"], told["error"]) == ("failed", "ZeroDivisionError: division by zero")


def test_interrupted_while_it_logs_nothing_is_torn(served: Service, animals: Path, script: Callable[..., Any]) -> None:
    process = script("""
        import itertools, veneer
        run = veneer.start_run("interrupted", data="animals")
        for epoch in itertools.count():
            run.log(epoch=epoch, sample=["cat/00.png", "dog/00.png"], loss=[epoch, epoch])
            if epoch == 100:
                print("goes", flush=True)
    """)
    assert process.stdout.readline() == "goes\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    rows = served.rows("interrupted")
    assert len(rows) >= 202 and len(rows) % 2 == 0
    assert [row["epoch"] for row in rows] == [epoch for epoch in range(len(rows) // 2) for _ in range(2)]
    assert all(row["loss"] == row["epoch"] for row in rows)


def test_notebooks_show_runs_and_datasets(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    with veneer.start_run("shown", data=dataset, parameters={"note": "<b>"}) as run:
        run.log(sample=["cat/00.png"], loss=[1.0])
        shown = run._repr_html_()
    assert "run shown" in shown and "&lt;b&gt;" in shown and "running" in shown
    assert "samples" in dataset._repr_html_()
    assert "finished" in repr(run) and "animals@main" in repr(dataset)
