"""The spool: what runs have to say, on local disk before it is sent.

```
SPOOL/
  RUN-ID/
    run.json                    how the run begins, and which store it is for
    begun.json                  what the service answered to that
    WRITER-000001.arrow.open    a segment that a process writes, and holds a lock on
    WRITER-000002.arrow         one that is whole: a batch of rows, sent under this name
    WRITER-000003.scalars       numbers of the run as a whole: lines of [name, step, value]
    WRITER-000004.change        parameters, as the service takes them
    end.json                    how the run ended
    refused/                    what the service will not have, and why
    send.lock                   whoever holds it sends
```

A segment is one batch of the service under its own name, so that to send it twice
is to send it once. It is written message by message: a process that is killed
leaves an open segment whose lock is free, and whole messages of it are sent.
Nothing here knows what the rows mean, or speaks to a service.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

ROWS, SCALARS, CHANGE = ".arrow", ".scalars", ".change"
OPEN = ".open"
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def root() -> Path:
    """The folder of all runs: VENEER_SPOOL, else below the user's state."""
    named = os.environ.get("VENEER_SPOOL")
    if named:
        return Path(named).absolute()
    state = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):
        return Path(state) / "veneer/spool"
    home = os.path.expanduser("~")
    base = Path(home) / ".local/state" if os.path.isabs(home) else Path(tempfile.gettempdir())
    return base / "veneer/spool"


class RunFolder:
    """What one run has to say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._joined: int | None = None

    @classmethod
    def make(cls, root: Path, run: dict[str, Any]) -> RunFolder:
        """The folder of the run with `run["id"]`, made unless another process did; this process is in it."""
        folder = cls(root / str(run["id"]))
        while not folder.join():
            folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.write("run.json", run)
        return folder

    def join(self) -> bool:
        """Says that this process works here, so that nobody removes it; returns whether it is there."""
        if self._joined is not None:
            return True
        try:
            descriptor = os.open(self.path / "run.json", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if os.fstat(descriptor).st_nlink == 0:
            os.close(descriptor)
            return False
        self._joined = descriptor
        return True

    def leave(self) -> None:
        """Takes `join` back. The last one to leave removes the folder, if nothing waits in it."""
        self.step_out()
        self.remove()

    def step_out(self) -> None:
        """Takes `join` back, and leaves the folder to others: what a forked child does that says nothing."""
        descriptor, self._joined = self._joined, None
        if descriptor is not None:
            os.close(descriptor)

    def read(self, name: str) -> dict[str, Any] | None:
        """One of the JSON files; None where it is not there, or not whole."""
        try:
            found = json.loads((self.path / name).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, name: str, value: object) -> None:
        """Writes a JSON file: all of it or nothing."""
        new = self.path / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            with new.open("wb") as file:
                file.write(json.dumps(value).encode())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path / name)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def ready(self) -> list[Path]:
        """Whole segments, each writer's in their order."""
        return sorted(file for file in self.path.glob("*-*") if file.suffix in (ROWS, SCALARS, CHANGE))

    def take_left(self) -> int:
        """Makes whole what dead processes left open; returns how many segments that were."""
        count = 0
        for file in sorted(self.path.glob(f"*{OPEN}")):
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever was faster has renamed it.
                if file.exists():
                    _make_whole(file, descriptor)
                    count += 1
            except BlockingIOError:
                pass
            finally:
                let_go(descriptor)
        return count

    def is_done(self) -> bool:
        """Whether nothing is left to be sent."""
        return not any(self.path.glob(f"*{OPEN}")) and not self.ready() and not (self.path / "end.json").exists()

    def refuse(self, segment: Path, why: str) -> None:
        """Puts away a segment that the service will not have."""
        away = self.path / "refused"
        away.mkdir(exist_ok=True)
        (away / f"{segment.name}.why").write_text(why + "\n")
        segment.replace(away / segment.name)

    def remove(self) -> None:
        """Removes the folder, if all has been sent, nothing was refused, and no process works in it."""
        try:
            descriptor = os.open(self.path / "run.json", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Before the lock, another process could have left what it could not send.
            if self.is_done() and not (self.path / "refused").exists():
                shutil.rmtree(self.path, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            let_go(descriptor)

    def bytes(self) -> int:
        """Bytes that wait to be sent."""
        total = 0
        for file in self.path.glob("*-*"):
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return total


def let_go(descriptor: int) -> None:
    """Closes a file and takes its lock back, which a child that was forked meanwhile would keep."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def runs(root: Path) -> Iterator[RunFolder]:
    """The folders of all runs that something is left of, the oldest first."""
    found = []
    for file in root.glob("*/run.json"):
        try:
            found.append((file.stat().st_mtime, file.parent))
        except FileNotFoundError:
            continue
    for _, folder in sorted(found):
        yield RunFolder(folder)


def _make_whole(file: Path, descriptor: int) -> None:
    """Cuts what is torn off a segment that nobody writes any more, and renames it."""
    data = file.read_bytes()
    if file.name.endswith(ROWS + OPEN):
        kept = _whole_messages(data)
        os.ftruncate(descriptor, kept)
        if kept:
            # On a full disk it goes without: a reader takes the end of the file for the end of the stream.
            with contextlib.suppress(OSError):
                os.pwrite(descriptor, _END_OF_STREAM, kept)
    else:
        kept = data.rfind(b"\n") + 1
        os.ftruncate(descriptor, kept)
    os.fsync(descriptor)
    if kept:
        file.rename(file.with_suffix(""))
    else:
        file.unlink()


def _whole_messages(data: bytes) -> int:
    """How many bytes of a stream are whole messages, if there is one of rows among them; else 0."""
    source = io.BytesIO(data)
    kept, count = 0, 0
    try:
        for message in pa.ipc.MessageReader.open_stream(source):
            # Its body may be cut short though its head is whole.
            if source.tell() > len(data):
                break
            kept, count = source.tell(), count + (message.type == "record batch")
    except (pa.ArrowInvalid, OSError, EOFError):
        pass
    return kept if count else 0


class Segment:
    """A file that this process writes, until it is closed and may be sent."""

    def __init__(self, folder: Path, stem: str, suffix: str) -> None:
        self.path = folder / f"{stem}{suffix}{OPEN}"
        self.size = 0
        while True:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            # Before it was locked, another process may have taken it for a dead one's, and removed it.
            if os.fstat(self._descriptor).st_nlink:
                break
            os.close(self._descriptor)

    def append(self, data: bytes | memoryview) -> None:
        """Adds bytes: all of them, or none when that fails."""
        done, left = self.size, memoryview(data)
        try:
            while left:
                count = os.write(self._descriptor, left)
                done, left = done + count, left[count:]
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self.size = done

    def sync(self) -> None:
        """Has it on the disk, and not only in the system's memory."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Ends the segment: from now on it may be sent. An empty one is removed."""
        try:
            if self.size:
                self.sync()
                self.path.rename(self.path.with_suffix(""))
            else:
                self.path.unlink(missing_ok=True)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Lets go of the file, which stays as it is: what a forked child does with its parent's."""
        os.close(self._descriptor)


class RowSegment(Segment):
    """A segment of rows, all with one schema."""

    def __init__(self, folder: Path, stem: str, schema: pa.Schema) -> None:
        super().__init__(folder, stem, ROWS)
        self.schema = schema
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Adds rows."""
        begin = self.schema.serialize().to_pybytes() if self.size == 0 else b""
        self.append(begin + batch.serialize().to_pybytes())
        self.rows += batch.num_rows

    def close(self) -> None:
        """Ends the stream and the segment."""
        if self.size:
            # On a full disk it goes without: a reader takes the end of the file for the end of the stream.
            with contextlib.suppress(OSError):
                self.append(_END_OF_STREAM)
        super().close()
