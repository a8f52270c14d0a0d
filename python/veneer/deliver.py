"""What the spool has of a run, handed to its service: in order, and as often as it takes.

A service that is away, slow or full is tried again later; what it will never
have is put away, told once, and counted.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .client import ARROW, Client, is_url, path
from .errors import ForbiddenError, NotFoundError, ServiceError, VeneerError
from .service import checked, has_service
from .spool import CHANGE, ROWS, SCALARS, RunFolder, let_go

log = logging.getLogger("veneer")

HEARTBEAT_S = 10.0
"""A run that says nothing for a minute is shown as lost."""
_NOT_YET = "not-yet"
_RANK_0_WITHIN_S = 60.0
_PASSING = (408, 425, 429, 500, 502, 503, 504, 507)


class Delivery:
    """Hands one run's folder to its service.

    Parameters
    ----------
    folder : RunFolder
        Whose.
    client : Client, optional
        Who is asked; the service of the run's store if not said.
    begins : bool
        Whether it begins the run; of several ranks one does, and the others wait for that.

    Attributes
    ----------
    sent, refused : int
        Batches that were taken, and that were put away.
    trouble : str or None
        Why nothing can be sent now.
    may_pass : bool
        Whether the trouble is of a service that is there, and may be over soon.
    tries : int
        How often this one was the only one that sent.
    """

    def __init__(self, folder: RunFolder, client: Client | None = None, *, begins: bool = True) -> None:
        self.folder = folder
        self.sent = self.refused = self.tries = 0
        self.trouble: str | None = None
        self.may_pass = False
        self._client = client
        self._begins = begins
        self._made = time.monotonic()
        self._run = folder.read("run.json") or {}
        self._heard = 0.0

    @property
    def store(self) -> str:
        """The store that the run is for."""
        return str(self._run.get("store", ""))

    def begin(self) -> dict[str, Any]:
        """Begins the run at the service, unless it was; returns what the service told of it.

        Raises
        ------
        VeneerError
            The service's problem, or that it is not there.
        """
        told = self.folder.read("begun.json")
        if told is None:
            told = self._begun()
            self.folder.write("begun.json", told)
        return told

    def _begun(self) -> dict[str, Any]:
        service = self._service()
        if not self._begins:
            try:
                found: dict[str, Any] = service.get(path("runs", self._id))
                return found
            except NotFoundError:
                if time.monotonic() - self._made < _RANK_0_WITHIN_S:
                    raise ServiceError("rank 0 has not begun the run yet", kind=_NOT_YET) from None
        found = service.send("POST", "/v1/runs", self._run["begin"], timeout=10.0)
        return found

    def send(self, *, beats: bool = False) -> bool:
        """Sends all that is whole; returns whether everything was sent that there is. It raises nothing.

        With `beats` the service is told that the run is alive, where nothing else was said for a while.
        """
        with self._alone() as is_mine:
            if not is_mine:
                return False
            try:
                self._send_all(beats)
                self.trouble = None
            # The thread that sends lives as long as the training, whatever stands between it and its service.
            except Exception as error:
                self._wait(error)
                return False
            finally:
                self.tries += 1
        return self.folder.is_done()

    def _send_all(self, beats: bool) -> None:
        self.folder.take_left()
        # Whoever writes the end has written all of its own before: in this order none of it comes behind the end.
        end = self.folder.read("end.json")
        ready = self.folder.ready()
        if not ready and end is None and not (beats and time.monotonic() - self._heard > HEARTBEAT_S):
            if self.folder.read("begun.json") is None:
                self.begin()
            return
        self.begin()
        for segment in ready:
            self._send(segment)
        if end is not None:
            self._ask("PATCH", path("runs", self._id), json.dumps(end).encode())
            (self.folder.path / "end.json").unlink(missing_ok=True)
        elif not ready:
            self._ask("POST", path("runs", self._id, "heartbeat"), None)

    def _send(self, segment: Path) -> None:
        try:
            data = segment.read_bytes()
        except FileNotFoundError:
            return
        try:
            if segment.suffix == ROWS:
                self._ask("PUT", path("runs", self._id, "batches", segment.stem), data, ARROW)
            elif segment.suffix == SCALARS:
                body = json.dumps({"scalars": _scalars(data)}).encode()
                self._ask("PUT", path("runs", self._id, "scalars", segment.stem), body)
            elif segment.suffix == CHANGE:
                self._ask("PATCH", path("runs", self._id), data)
        except (ServiceError, ForbiddenError, NotFoundError) as error:
            if not _is_final(error):
                raise
            self._refuse(segment, error)
        except VeneerError as error:
            if error.facts.get("status") in _PASSING:
                raise
            self._refuse(segment, error)
        else:
            segment.unlink(missing_ok=True)
            self.sent += 1

    def _ask(self, method: str, to: str, body: bytes | None, kind: str = "application/json") -> None:
        try:
            self._service().request(method, to, body=body, kind=kind)
        except NotFoundError as error:
            if error.facts.get("what") != "run":
                raise
            # The store was put back to an earlier state, or somebody deleted the run while it goes on.
            (self.folder.path / "begun.json").unlink(missing_ok=True)
            self.begin()
            self._service().request(method, to, body=body, kind=kind)
        self._heard = time.monotonic()

    @property
    def _id(self) -> str:
        return str(self._run["id"])

    def _service(self) -> Client:
        if self._client is None:
            if not is_url(self.store) and not has_service(self.store):
                raise ServiceError(f"no service has the store `{self.store}`", kind="unreachable")
            self._client = checked(Client(self.store))
        return self._client

    def _refuse(self, segment: Path, error: VeneerError) -> None:
        self.folder.refuse(segment, str(error))
        self.refused += 1
        if self.refused == 1:
            log.warning("the service refused a batch of the run: %s (kept in %s)", error, self.folder.path / "refused")

    def _wait(self, error: Exception) -> None:
        # Whoever answers next may be another process.
        self._client = None
        if self.trouble is None and getattr(error, "kind", None) != _NOT_YET:
            # Where several processes say the same, one is enough.
            log.log(
                logging.WARNING if self._begins else logging.DEBUG,
                "the run is kept in %s until it can be sent: %s",
                self.folder.path,
                error,
            )
        self.trouble, self.may_pass = str(error), _may_pass(error)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether this is the only one that sends now."""
        try:
            descriptor = os.open(self.folder.path / "send.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            # Without the folder there is nothing to send.
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            let_go(descriptor)


def _may_pass(error: Exception) -> bool:
    """Whether the service is there, and could have the same in a moment."""
    if isinstance(error.__cause__, (ConnectionResetError, BrokenPipeError, http.client.HTTPException)):
        return True
    return isinstance(error, VeneerError) and (error.kind == _NOT_YET or error.facts.get("status") in _PASSING)


def _is_final(error: VeneerError) -> bool:
    """Whether the same batch would be refused for ever: a sample that is no row is, a missing token is not."""
    return error.kind == "unknown-sample"


def _scalars(lines: bytes) -> dict[str, list[tuple[int, float | None]]]:
    """By name, pairs of step and value, out of lines of the spool."""
    found: dict[str, list[tuple[int, float | None]]] = {}
    for line in lines.splitlines():
        name, step, value = json.loads(line)
        found.setdefault(name, []).append((step, value))
    return found
