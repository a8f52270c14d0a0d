"""What people hand in that is not as it should be, and what becomes of a training then."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import veneer
from conftest import KEYS, Service, until


@pytest.fixture
def run(served: Service, animals: Path) -> veneer.Run:
    return veneer.start_run("bad", data="animals")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"loss": [1.0]}, "`loss` has 1 values, and `sample` has 2"),
        ({"loss": np.zeros(3)}, "`loss` has 3 values, and `sample` has 2"),
        ({"loss": 0.5}, "`loss` is one number for 2 samples; a loss for each has reduction='none'"),
        ({"loss": np.float32(0.5)}, "reduction='none'"),
        ({"epoch": [1]}, "`epoch` has 1 values"),
        ({"epoch": -1}, "the epoch -1 is below 0"),
        ({"epoch": [0, -1]}, "`epoch` is 2 whole numbers of 0 or more, and not int64"),
        ({"epoch": np.array([0.5, 1.0])}, "`epoch` is 2 whole numbers of 0 or more, and not float64"),
        ({"_key": [1, 2]}, "cannot be called `_key`"),
        ({"columns": {"epoch": [1, 2]}}, "cannot be called `epoch`"),
        ({"boxes": [[], []], "box_form": "xyx"}, "`xyx` is no form of boxes"),
        ({"odd": {"a": 1}}, "a value of type dict cannot be logged"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(run: veneer.Run, values: dict[str, Any], said: str) -> None:
    with pytest.raises(veneer.InvalidError, match=said.replace("(", r"\(")) as error:
        run.log(values.pop("columns", {}), sample=KEYS[:2], **values)
    assert isinstance(error.value, ValueError)
    run.log(sample=KEYS[:2], loss=[1.0, 2.0])
    run.finish()
    assert run.counts.rows == 2


def test_an_unknown_sample_is_told_by_name_on_the_first_call(run: veneer.Run) -> None:
    with pytest.raises(
        veneer.UnknownSampleError, match=r"there is no row `cat/99.png` in the table `samples` of 60 rows"
    ) as error:
        run.log(sample=["cat/00.png", "cat/99.png", "cat/98.png"], loss=[1, 2, 3])
    assert isinstance(error.value, KeyError) and error.value.facts["sample"] == "cat/99.png"
    with pytest.raises(veneer.UnknownSampleError, match=r"`/elsewhere/cat/00\.png`"):
        run.log(sample=["/elsewhere/cat/00.png"], loss=[1])
    with pytest.raises(veneer.InvalidError, match="index 60 is not within the 60 samples"):
        run.log(sample=[0, 60], among=KEYS, loss=[1, 2])
    with pytest.raises(veneer.UnknownSampleError, match="no row `7`"):
        run.log(sample=[7], loss=[1])
    with pytest.raises(veneer.InvalidError, match="names nothing"):
        run.log(sample=[2.5], loss=[1])
    run.finish()


def test_later_unknown_samples_are_left_out_warned_about_once_and_counted(
    run: veneer.Run, served: Service, warnings: Callable[[], list[str]]
) -> None:
    run.log(epoch=0, sample=KEYS[:2], loss=[1, 2])
    for epoch in (1, 2):
        run.log(epoch=epoch, sample=["nobody", KEYS[0], "no-one"], loss=[1, 2, 3])
    run.finish()
    assert [(row["sample"], row["loss"]) for row in served.rows("bad")] == [
        (KEYS[0], 1), (KEYS[1], 2), (KEYS[0], 2), (KEYS[0], 2),
    ]  # fmt: skip
    assert run.counts.unknown == 4
    assert len(warnings()) == 1 and "`nobody`" in warnings()[0]


def test_losses_that_are_no_number_are_recorded_and_told_once(
    run: veneer.Run, served: Service, warnings: Callable[[], list[str]]
) -> None:
    for epoch in range(2):
        run.log(epoch=epoch, sample=KEYS[:3], loss=[1.0, float("nan"), float("inf")])
    run.finish()
    losses = [row["loss"] for row in served.rows("bad")]
    assert losses[0] == 1.0 and np.isnan(losses[1]) and np.isinf(losses[2])
    assert run.counts.nan == 2
    assert [text for text in warnings() if "NaN" in text] == warnings()


def test_a_folder_that_is_no_mount_works_by_relative_paths_and_says_so(
    served: Service, home: Path, warnings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "plain"
    folder.mkdir()
    run = veneer.start_run("plain", data=folder)
    monkeypatch.chdir(folder)
    run.log(epoch=0, sample=[str(folder / "a/1.png"), "a/2.png", folder / "b" / ".." / "3.png"], loss=[1, 2, 3])
    run.finish()
    assert [row["sample"] for row in served.rows("plain")] == ["3.png", "a/1.png", "a/2.png"]
    assert served.run("plain")["dataset"] is None
    assert "is no mount of Veneer" in warnings()[0] and len(warnings()) == 1


def test_what_is_neither_folder_nor_dataset_is_refused_at_the_start(served: Service, home: Path) -> None:
    for data, error in (("nothing@main", veneer.NotFoundError), ("/no/such/folder", veneer.InvalidError)):
        with pytest.raises(error):
            veneer.start_run("bad", data=data)
    for name in ("", "a b", "-x", "x" * 65):
        with pytest.raises(veneer.InvalidError, match="cannot be a run's name"):
            veneer.start_run(name)
    assert not Path(os.environ["VENEER_SPOOL"]).exists() or not list(Path(os.environ["VENEER_SPOOL"]).iterdir())


def test_a_finished_run_takes_nothing_more(run: veneer.Run) -> None:
    run.finish()
    run.finish()
    calls: list[Callable[[], None]] = [
        lambda: run.log(sample=KEYS[:1], loss=[1]),
        lambda: run.log_scalars(accuracy=1.0),
        lambda: run.parameters(lr=1),
    ]
    for more in calls:
        with pytest.raises(veneer.InvalidError, match="is finished"):
            more()


def test_a_run_has_no_other_end_than_two(served: Service, run: veneer.Run) -> None:
    with pytest.raises(veneer.InvalidError, match="`lost` is no end of a run: it is one of finished, failed"):
        run.finish("lost")  # type: ignore[arg-type]
    run.finish("failed")
    assert served.run("bad")["status"] == "failed"


def test_one_slip_does_not_spoil_a_column_for_good(
    served: Service, run: veneer.Run, warnings: Callable[[], list[str]]
) -> None:
    run.log(sample=KEYS[:2], loss=np.zeros((2, 3)))
    run.log(sample=KEYS[:2], embedding=[[1], [1, 2]])
    run.log(sample=[], loss=[], embedding=[])
    run.log(sample=KEYS[:2], loss=[[0.5], [1.5]], embedding=[[1, 2], [3, 4]])
    run.log(sample=KEYS[2:4], loss=[2.5, 3.5], embedding=np.ones((2, 2)))
    run.finish()
    assert [row["loss"] for row in served.rows("bad")] == [0.5, 1.5, 2.5, 3.5]
    assert [row["embedding"] for row in served.rows("bad")] == [[1, 2], [3, 4], [1, 1], [1, 1]]
    assert run.counts.dropped == 4 and "`loss` is one number for each sample" in warnings()[0]


def test_a_full_disk_is_told_once_counted_and_the_training_goes_on(
    served: Service, animals: Path, home: Path, warnings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = home / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        monkeypatch.setenv("VENEER_SPOOL", str(small))
        served.stop()
        run = veneer.start_run("full", data="animals@main")
        run.log(epoch=0, sample=KEYS, loss=np.zeros(60))
        vectors = np.random.default_rng(4).random((60, 1024), dtype=np.float32)
        for epoch in range(1, 9):
            run.log(epoch=epoch, sample=KEYS, vector=vectors)
        until(lambda: run.counts.rows + run.counts.dropped == 9 * 60, "all was written, or not")
        assert run.counts.dropped == 7 * 60
        served.start()
        until(lambda: served.client.get("/v1/runs")["runs"], "the service is found again")
        until(lambda: run.trouble is None, "what there was is sent")
        run.flush()
        run.log(epoch=9, sample=KEYS, loss=np.ones(60))
        run.finish()
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert sorted({row["epoch"] for row in served.rows("full")}) == [0, 1, 9]
    assert sum("dropped" in text for text in warnings()) == 1


def test_a_spool_that_cannot_be_written_is_elsewhere(
    served: Service, animals: Path, home: Path, warnings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("no folder")
    monkeypatch.setenv("VENEER_SPOOL", str(home / "file"))
    with veneer.start_run("elsewhere", data="animals") as run:
        run.log(sample=KEYS[:1], loss=[1])
    assert "cannot be written" in warnings()[0] and served.run("elsewhere")["rows"] == 1
    shutil.rmtree(run.folder, ignore_errors=True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"version": "9.0.0", "api": "v9"}', "is 9.0.0, and does not speak v1"),
        (b"<html>log in first</html>", "what answers is no service of Veneer"),
    ],
)
def test_a_service_of_another_version_is_told_and_the_run_is_kept(
    animals: Path, warnings: Callable[[], list[str]], body: bytes, said: str
) -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        """A service as it may be one day."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            run = veneer.start_run("other", store=url)
            run.log(sample=["a"], loss=[1])
            run.finish()
            with pytest.raises(veneer.ServiceError, match=said):
                veneer.dataset("animals", store=url)
        finally:
            server.shutdown()
    assert said in warnings()[0] and "spool flush" in warnings()[-1]
    assert list(run.folder.glob("*.arrow"))


def test_a_token_is_shown_where_the_service_wants_one(
    animals: Path, make_service: Callable[..., Service], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "tokens"
    told: list[str | Path] = [
        veneer.programs.find("veneer-server"),
        "--store",
        str(home / "store"),
        "--token-file",
        str(file),
    ]
    made = subprocess.run(
        [*told, "token", "new", "bob", "--role", "editor"], capture_output=True, text=True, check=True
    )
    served = make_service("--token-file", str(file)).start()
    with pytest.raises(veneer.ForbiddenError, match="a token is needed") as error:
        veneer.dataset("animals", store=served.url)
    assert isinstance(error.value, PermissionError)
    monkeypatch.setenv("VENEER_TOKEN", made.stdout.strip())
    with veneer.dataset("animals", store=served.url).edit("by token") as edit:
        edit.set(KEYS[0], label="dog")
    assert veneer.dataset("animals", store=served.url).log(1)[0]["author"] == "bob"
    with veneer.start_run("by-token", data="animals", store=served.url) as run:
        run.log(sample=KEYS[:1], loss=[1])
    assert served.run("by-token")["rows"] == 1
    assert not any(b"veneer_" in kept.read_bytes() for kept in home.glob("spool/**/*") if kept.is_file())
