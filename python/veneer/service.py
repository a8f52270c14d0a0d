"""The service of a store: the one that has it, or one of our own for as long as this process needs it.

A store in a folder that no service has is read by a service that changes
nothing, of which there may be many, and changed by one that owns it for a moment.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from . import programs
from .client import SOCKET, Client, author_name, connect_in, is_url
from .errors import ServiceError, VeneerError

_BEGIN_WITHIN_S = 30.0
_API = "v1"

_lock = threading.Lock()
_readers: dict[tuple[int, str], OwnService] = {}


def has_service(store: str) -> bool:
    """Whether a service answers for the store; of a URL nothing is asked."""
    if is_url(store):
        return True
    try:
        connect_in(store, SOCKET, 2.0).close()
    except OSError:
        return False
    return True


def client(store: str) -> Client:
    """Whoever can be asked of a store: its service, or one of our own that only reads.

    Raises
    ------
    ServiceError
        Where there is no store, or its service is of another version.
    """
    if has_service(store):
        return checked(Client(store))
    with _lock:
        key = (os.getpid(), store)
        kept = _readers.get(key)
        if kept is None or not kept.is_alive():
            kept = _readers[key] = OwnService(store, may_change=False)
        return kept.client


@contextlib.contextmanager
def to_change(store: str) -> Iterator[Client]:
    """Whoever can change a store: its service, or one of our own that ends behind this."""
    if has_service(store):
        yield checked(Client(store))
        return
    try:
        service = OwnService(store, may_change=True)
    except ServiceError:
        # Another one may have begun at the same moment.
        if not has_service(store):
            raise
        yield checked(Client(store))
        return
    try:
        yield service.client
    finally:
        service.end()


def checked(client: Client) -> Client:
    """The client, after its service said that it speaks as we do.

    Raises
    ------
    ServiceError
        When it does not.
    """
    about = client.get("/v1/about", timeout=10.0)
    if not isinstance(about, dict) or about.get("api") != _API:
        told = about.get("version", "of another kind") if isinstance(about, dict) else "of another kind"
        raise ServiceError(f"the service at `{client.place}` is {told}, and does not speak {_API}", kind="version")
    return client


def _in_forked_child() -> None:
    global _lock  # noqa: PLW0603
    # Whoever held it is not in the child.
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_in_forked_child)


class OwnService:
    """A `veneer-server` that lives no longer than this process, and that nobody else may ask over TCP."""

    def __init__(self, store: str, *, may_change: bool) -> None:
        if not os.path.isdir(store):
            raise ServiceError(f"there is no store at `{store}`, and no service for it", kind="unreachable")
        program = programs.find("veneer-server")
        self._process: subprocess.Popen[bytes] | None = None
        self._maker = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="veneer-")
        try:
            tokens = Path(self._folder) / "tokens"
            base = [str(program), "--store", store, "--token-file", str(tokens)]
            words = [*base, "token", "new", author_name() or "somebody", "--role", "admin"]
            made = subprocess.run(words, capture_output=True, check=False)
            if made.returncode != 0:
                raise ServiceError(f"`{program}` cannot make a token: {made.stderr.decode(errors='replace').strip()}")
            words = [*base, "--port", "0", "--dashboard-port", "0", *([] if may_change else ["--read-only"])]
            url = self._begin(words)
            self.client = Client(store) if may_change else Client(url, token=made.stdout.decode().strip())
            checked(self.client)
        except BaseException:
            self.end()
            raise
        atexit.register(self.end)

    def _begin(self, words: list[str]) -> str:
        # The shell ends the service when this process is gone, however that ended: then nobody holds its stdin.
        script = '"$@" </dev/null & served=$!; exec >&-; read -r _; kill "$served" 2>/dev/null; wait "$served"'
        log = Path(self._folder) / "log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", script, "sh", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        until = time.monotonic() + _BEGIN_WITHIN_S
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            part = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not part:
                said = log.read_text(errors="replace").strip().splitlines()
                raise ServiceError(f"a service did not begin: {said[-1] if said else 'it said nothing'}")
            line += part
        return line.decode().splitlines()[0]

    def is_alive(self) -> bool:
        """Whether it still serves."""
        try:
            self.client.get("/healthz")
        except VeneerError:
            return False
        return True

    def end(self) -> None:
        """Ends it, and waits for that; a child of the process that made it leaves it alone."""
        if os.getpid() != self._maker:
            return
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None and process.stdout is not None
            with contextlib.suppress(OSError), process.stdin:
                # Said, and not only closed: children that were forked meanwhile hold it, too.
                process.stdin.write(b"\n")
            process.stdout.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_BEGIN_WITHIN_S)
        shutil.rmtree(self._folder, ignore_errors=True)
