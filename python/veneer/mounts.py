"""Mounts: what one shows, holding it still, and making one for a while."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from . import programs
from .client import is_url
from .errors import NotFoundError, ServiceError

INFO = ".veneer/info.json"
SAMPLES = ".veneer/samples.parquet"
_HOLD_WITHIN_S = 10.0


@dataclass(frozen=True)
class Info:
    """What a mount says of itself.

    Attributes
    ----------
    top : str
        The folder that shows a revision: the mount point, or one folder in a mount of all revisions.
    dataset, reference, revision : str
        What it shows.
    mode : str
        ``follow``, ``pin``, ``all`` or ``write``.
    store : str
        The folder of the store, or the URL of its service.
    control : str or None
        The socket at which it is held.
    """

    top: str
    dataset: str
    reference: str
    revision: str
    mode: str
    store: str
    control: str | None


def info_of(path: str | os.PathLike[str]) -> Info | None:
    """What the mount that `path` is in shows; None where it is in none of ours.

    >>> info_of("/") is None
    True
    """
    at = os.path.abspath(os.fspath(path))
    while True:
        try:
            found = json.loads(Path(at, INFO).read_bytes())
        except (OSError, ValueError):
            found = None
        if isinstance(found, dict) and found.get("revision") and "dataset" in found and "store" in found:
            return _info(at, found)
        if at == os.path.dirname(at):
            return None
        at = os.path.dirname(at)


def _info(top: str, found: dict[str, Any]) -> Info:
    control = found.get("control")
    return Info(
        top=top,
        dataset=str(found["dataset"]),
        reference=str(found.get("ref", "main")),
        revision=str(found["revision"]),
        mode=str(found.get("mode", "")),
        store=str(found["store"]),
        control=str(control) if control else None,
    )


class Hold:
    """Keeps a mount at its revision, until it is let go or this process ends."""

    def __init__(self, info: Info) -> None:
        self._connection: socket.socket | None = None
        if info.control is None:
            raise ServiceError(f"the mount `{info.top}` cannot be held: it has no control socket", kind="unreachable")
        until = time.monotonic() + _HOLD_WITHIN_S
        while True:
            try:
                self._connection, told = _ask(info.control)
                break
            except (ConnectionError, ValueError) as cause:
                # Another daemon is about to take the mount over.
                if time.monotonic() > until:
                    raise ServiceError(f"the mount `{info.top}` cannot be held: {cause}", kind="unreachable") from cause
                time.sleep(0.02)
            except OSError as cause:
                raise ServiceError(f"the mount `{info.top}` cannot be held: {cause}", kind="unreachable") from cause
        self.revision = str(told.get("revision") or "") or (info_of(info.top) or info).revision

    def let_go(self) -> None:
        """Lets the mount move on."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _ask(control: str) -> tuple[socket.socket, dict[str, Any]]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_HOLD_WITHIN_S)
        connection.connect(control)
        connection.sendall(b"hold\n")
        line = b""
        while not line.endswith(b"\n"):
            part = connection.recv(4096)
            if not part:
                raise ConnectionResetError("it ended before it answered")
            line += part
        told = json.loads(line)
    except BaseException:
        connection.close()
        raise
    return connection, told if isinstance(told, dict) else {}


class Mount(os.PathLike[str]):
    """A mount that lasts as long as its `with`, or until `unmount`.

    Attributes
    ----------
    path : str
        The folder.
    info : Info
        What it shows now.
    """

    def __init__(self, path: str, made: bool) -> None:
        self.path = path
        self._made = made
        self._is_mounted = True

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"Mount({self.path!r})"

    def __enter__(self) -> Mount:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unmount()

    @property
    def info(self) -> Info:
        found = info_of(self.path)
        if found is None or os.path.realpath(found.top) != os.path.realpath(self.path):
            raise NotFoundError(f"`{self.path}` is no mount any more", kind="not-found")
        return found

    def unmount(self) -> None:
        """Ends the mount; a second time does nothing."""
        if self._is_mounted:
            self._is_mounted = False
            programs.run(["unmount", self.path])
            if self._made:
                with contextlib.suppress(OSError):
                    os.rmdir(self.path)


def mount(
    address: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    writable: bool = False,
    pin: bool = False,
) -> Mount:
    """Mounts ``dataset[@ref]``; a context manager that ends the mount.

    Parameters
    ----------
    address : str
        The dataset, and the branch, tag or revision if not ``main``.
    folder : path, optional
        Where; a new temporary folder if not said. It is made where it is missing.
    store : path or URL, optional
        The store's folder or the URL of its service; VENEER_STORE if not said.
    writable : bool
        Show the caller's draft, which any program may write to.
    pin : bool
        Stay at the revision that the branch has now.

    Examples
    --------
    >>> with veneer.mount("traffic@main") as folder:
    ...     sorted(os.listdir(folder))
    ['bus', 'car']
    """
    made = folder is None
    path = tempfile.mkdtemp(prefix="veneer-mount-") if folder is None else os.path.abspath(os.fspath(folder))
    os.makedirs(path, exist_ok=True)
    words = ["mount", address, path, *(["--writable"] if writable else []), *(["--pin"] if pin else [])]
    place = None if store is None else os.fspath(store)
    try:
        programs.run(words, store=place if place is None or is_url(place) else os.path.abspath(place))
    except BaseException:
        if made:
            os.rmdir(path)
        raise
    return Mount(path, made)
