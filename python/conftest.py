"""A real store, a real service and real mounts for each test, below a temporary folder."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import struct
import subprocess
import sys
import textwrap
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import veneer
from veneer import programs, service
from veneer.client import Client

HERE = Path(__file__).parent
CLASSES = ("cat", "cow", "dog")
EACH = 20


@pytest.fixture(scope="session", autouse=True)
def bin_folder() -> Path:
    """Where the three programs are: nothing is built here."""
    folder = Path(os.environ.get("VENEER_BIN") or HERE.parent / "target/debug")
    for name in ("veneer", "veneer-server", "veneer-mountd"):
        if not os.access(folder / name, os.X_OK):
            pytest.exit(f"{folder / name} is not there: `cargo build --workspace` makes it, or set VENEER_BIN", 3)
    os.environ["VENEER_BIN"] = str(folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands for the home of whoever uses Veneer, with all that it keeps."""
    for name in ("VENEER_TOKEN", "VENEER_RUN_ID", "VENEER_DATASET", "VENEER_REVISION", "RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in {
        "VENEER_STORE": "store",
        "VENEER_SPOOL": "spool",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
    }.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("VENEER_AUTHOR", "ada")
    yield tmp_path
    for of_own in service._readers.values():
        of_own.end()
    service._readers.clear()


def png(red: int, green: int, blue: int) -> bytes:
    """A picture of one pixel."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes([0, red, green, blue]))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", data) + part(b"IEND", b"")


@pytest.fixture
def animals(home: Path) -> Path:
    """The source of a dataset `animals`: three classes of twenty pictures, in folders; it is imported."""
    source = home / "animals"
    for number, name in enumerate(CLASSES):
        (source / name).mkdir(parents=True)
        for at in range(EACH):
            (source / name / f"{at:02}.png").write_bytes(png(number, at, 0))
    programs.run(["import", "animals", str(source)])
    return source


KEYS = [f"{name}/{at:02}.png" for name in CLASSES for at in range(EACH)]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the examples in docstrings speak of: a dataset `traffic` of cars and buses, and a run on it."""
    folder = tmp_path_factory.mktemp("example")
    for name in ("bus", "car"):
        (folder / "traffic" / name).mkdir(parents=True)
        for at in range(3):
            (folder / "traffic" / name / f"{at}.png").write_bytes(png(at, 0, len(name)))
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("store", "spool"):
            patch.setenv(f"VENEER_{variable.upper()}", str(folder / variable))
        programs.run(["import", "traffic", str(folder / "traffic")])
        served = Service(str(folder / "store"), folder, []).start()
        run = veneer.start_run("example", data="traffic")
        yield {"veneer": veneer, "ds": veneer.dataset("traffic"), "run": run}
        run.finish()
        served.stop()


@pytest.fixture(autouse=True)
def names_of_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Gives docstrings what their examples name."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    if request.node.name == "veneer.mounts.mount":
        skip_without_mounts()
    if "ds" not in doctest_namespace:
        doctest_namespace.update(request.getfixturevalue("example"))


class Service:
    """A service of a store, at a port that stays the same when it is started again."""

    def __init__(self, store: str, folder: Path, words: list[str]) -> None:
        self.store, self.url, self.port = store, "", 0
        self._folder, self._words = folder, words
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> Client:
        return Client(self.url)

    def start(self) -> Service:
        command: list[str | Path] = [programs.find("veneer-server"), "--store", self.store, "--port", str(self.port)]
        with (self._folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--dashboard-port", "0", *self._words], stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().decode().strip()
        assert said.startswith("http"), (self._folder / "service.log").read_text()
        self.url, self.port = said, int(said.rpartition(":")[2])
        return self

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it as a person does."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()

    def run(self, name: str) -> dict[str, Any]:
        """What it tells of a run."""
        told: dict[str, Any] = self.client.get(f"/v1/runs/{name}")
        return told

    def rows(self, name: str, epoch: str = "all") -> list[dict[str, Any]]:
        """The rows of a run, by epoch and sample."""
        found = self.client.arrow("GET", f"/v1/runs/{name}/metrics", query={"epoch": epoch}).to_pylist()
        return sorted(found, key=lambda row: (row["epoch"], row["sample"]))


@pytest.fixture
def make_service(home: Path) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def make(*words: str) -> Service:
        made.append(Service(str(home / "store"), home, list(words)))
        return made[-1]

    yield make
    for one in made:
        with contextlib.suppress(ProcessLookupError):
            if one._process is not None:
                one.signal(signal.SIGCONT)
        one.stop()


@pytest.fixture
def served(animals: Path, make_service: Callable[..., Service]) -> Service:
    """The service of a store with the dataset `animals`."""
    return make_service().start()


@dataclass
class Killed:
    """A training that was killed, at a moment, and one that lives and says nothing."""

    served: Service
    alive: veneer.Run
    at: float


@pytest.fixture(scope="session", autouse=True)
def killed(bin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """Begun before all other tests: `test_lost` looks at it a minute later."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "source").mkdir()
    (folder / "source/a.txt").write_text("a")
    programs.run(["import", "any", str(folder / "source")], store=str(folder / "store"))
    served = Service(str(folder / "store"), folder, []).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VENEER_SPOOL", str(folder / "spool"))
        patch.setenv("VENEER_STORE", served.store)
        alive = veneer.start_run("alive")
        text = "import time, veneer; run = veneer.start_run('killed'); run.log(sample=['a'], loss=[1]); run.flush(); "
        process = subprocess.Popen(
            [sys.executable, "-c", text + "print('sent', flush=True); time.sleep(99)"],
            env={**os.environ, "PYTHONPATH": str(HERE)},
            stdout=subprocess.PIPE,
        )
    with process:
        assert process.stdout is not None and process.stdout.readline() == b"sent\n"
        process.kill()
    yield Killed(served, alive, time.monotonic())
    alive.finish()
    served.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, and what waits for a minute to pass is looked at last."""
    items.sort(key=lambda item: {"test_wheel.py": 0, "test_lost.py": 2}.get(item.path.name, 1))


def skip_without_mounts() -> None:
    """Skips the test where nothing can be mounted."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("nothing can be mounted here: /dev/fuse cannot be opened")


def mount_or_skip(address: str, folder: Path | None, **options: Any) -> veneer.Mount:
    """A mount; the test is skipped, and says why, where nothing can be mounted."""
    skip_without_mounts()
    return veneer.mount(address, folder, **options)


@pytest.fixture
def mounted(animals: Path, home: Path) -> Iterator[str]:
    """A mount of `animals@main`."""
    with mount_or_skip("animals@main", home / "mnt") as made:
        yield made.path


@pytest.fixture
def script(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts Python on a text, as somebody who uses the module does."""

    def start(text: str, *words: str, **variables: str) -> subprocess.Popen[str]:
        file = home / "script.py"
        file.write_text(textwrap.dedent(text))
        environment = {**os.environ, "PYTHONPATH": str(HERE), **variables}
        return subprocess.Popen(
            [sys.executable, str(file), *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def until(holds: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Waits for something; fails when it does not come."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, f"after {seconds} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the module warned of so far."""
    caplog.set_level(logging.WARNING, logger="veneer")
    return lambda: [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
