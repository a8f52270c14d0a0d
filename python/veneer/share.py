"""The share that one process has in a run: its two threads, and what becomes of them at a fork and at the end.

One thread writes what was logged (`writer`), one sends it (`deliver`). A forked or
spawned process has a share of its own in the same run; who began the run ends it.
What a training says, and how it is shown, is `run`.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
import weakref
from multiprocessing import util as multiprocessing_util

import pyarrow as pa

from .calls import Change, Counts, Rows, Scalars
from .deliver import Delivery
from .errors import InvalidError, UnknownSampleError, VeneerError
from .mounts import Hold
from .names import Names
from .service import has_service, to_change
from .spool import RunFolder
from .tables import Classes
from .writer import Writer

log = logging.getLogger("veneer")

_FIRST_PAUSE_S, _PAUSE_MAX_S = 0.25, 10.0
_AT_EXIT_S = 60.0
_SETTLE_S = 10.0
_PATIENCE_S = 10.0
"""A service that is there and in trouble is asked again for so long before what waits is left to the spool."""
_ENDS = ("finished", "failed")
_every: weakref.WeakSet[Share] = weakref.WeakSet()


class Share:
    """What one process has of a run that goes on.

    Parameters
    ----------
    name : str
        The name that was asked for.
    folder : RunFolder
        Where the run is in the spool.
    names : Names
        What samples may be called.
    classes : Classes
        What the numbers of classes mean.
    hold : Hold, optional
        What keeps the mount at its revision.
    rank : int
        Which process of a distributed job this is; 0 ends the run for all.
    is_owner : bool
        Whether this process began the run.

    Attributes
    ----------
    delivery : Delivery
        What sends.
    writer : Writer or None
        What writes, once something was logged.
    is_finished : bool
        Whether nothing more is taken.
    """

    def __init__(
        self,
        name: str,
        folder: RunFolder,
        names: Names,
        classes: Classes,
        *,
        hold: Hold | None,
        rank: int,
        is_owner: bool,
    ) -> None:
        self.folder, self.names, self.classes = folder, names, classes
        self.hold, self.rank = hold, rank
        self._is_owner = is_owner
        self._asked_name = name
        self.delivery = Delivery(folder, begins=rank == 0 and is_owner)
        self.writer: Writer | None = None
        self._counts = Counts()
        self.is_finished = False
        # What Arrow imports for the first list that it is given: in a thread, a fork in the middle of it would leave
        # the child with a lock that nobody lets go.
        pa.array([0])
        self._begin_threads()
        _every.add(self)

    def _begin_threads(self) -> None:
        """What only lives in one process."""
        self._process = os.getpid()
        self._making, self._sending = threading.Lock(), threading.Lock()
        self.wake = threading.Event()
        self.is_over = False
        self._sender: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The name at the service, or the one that was asked for as long as that was not reached."""
        told = self.folder.read("begun.json") if self.folder.path.exists() else None
        if told is not None:
            self._asked_name = str(told.get("name", self._asked_name))
        return self._asked_name

    @property
    def counts(self) -> Counts:
        """What became of what this process logged."""
        return self._counts if self.writer is None else self.writer.counts

    def put(self, call: Rows | Scalars | Change) -> None:
        """Has a call written.

        Raises
        ------
        InvalidError
            When the run is finished.
        """
        self.check_is_open()
        writer = self.writer or self._make_writer()
        writer.put(call)
        if not self._is_owner:
            # A pool kills its workers once their tasks have returned, and what is in a file by then is sent.
            writer.settle(_SETTLE_S)

    def first_unknown(self, call: Rows) -> UnknownSampleError | None:
        """The error about the first sample of a call that is no row; None where all are."""
        with self._making:
            return self.names.first_unknown(call.sample, call.among)

    def _make_writer(self) -> Writer:
        with self._making:
            if self.writer is None:
                self.writer = Writer(self.folder, self.names, self.classes, self.wake.set, self._is_in_trouble)
                if not self._is_owner:
                    self.folder.join()
                    # A worker of multiprocessing ends without `atexit`.
                    multiprocessing_util.Finalize(self, Share.leave, args=(self,), exitpriority=10)
            return self.writer

    def _is_in_trouble(self) -> bool:
        return self.delivery.trouble is not None

    def _deliver(self, timeout: float) -> bool:
        """Sends what there is; returns whether all of this process is sent, and the end of the run if it said so."""
        if self._sending.acquire(timeout=max(0.0, timeout)):
            try:
                self.delivery.send()
            finally:
                self._sending.release()
        own = "" if self.writer is None else self.writer.id
        ends = self._is_owner and self.rank == 0 and (self.folder.path / "end.json").exists()
        return not ends and not any(file.name.startswith(own + "-") for file in self.folder.ready())

    def flush(self, timeout: float = 30.0) -> bool:
        """Has all that was logged on the disk, and waits until it is sent; returns whether it is."""
        self.check_process()
        until = time.monotonic() + timeout
        if self.writer is not None and not self.writer.flush(timeout):
            return False
        delivery, patience = self.delivery, time.monotonic() + _PATIENCE_S
        tried = delivery.tries
        while not self._deliver(until - time.monotonic()):
            now = time.monotonic()
            # Trouble from before counts only once it is tried again: another process may send in this moment.
            is_in_trouble = delivery.trouble is not None and delivery.tries > tried
            if now > until or (is_in_trouble and (not delivery.may_pass or now > patience)):
                return False
            time.sleep(0.2 if is_in_trouble else 0.02)
        return True

    def finish(self, status: str, error: str | None, timeout: float) -> None:
        """Ends it: sends what is left for up to `timeout` seconds, and lets go of the mount."""
        if status not in _ENDS:
            raise InvalidError(f"`{status}` is no end of a run: it is one of {', '.join(_ENDS)}", kind="invalid")
        if self.is_finished:
            return
        self.check_process()
        self.is_finished = True
        try:
            if self.writer is not None:
                self.writer.flush(timeout)
            if self._is_owner and self.rank == 0:
                told = {"status": status, **({"error": error} if error else {})}
                with contextlib.suppress(OSError):
                    self.folder.write("end.json", told)
            self._send_rest(timeout)
        finally:
            self._stop()
            _every.discard(self)

    def _send_rest(self, timeout: float) -> None:
        if not self.folder.path.exists() or self.flush(timeout):
            return
        store = self.delivery.store
        if not has_service(store) and os.path.isdir(store):
            # The store is at hand, and nobody serves it: then it is served for a moment.
            with contextlib.suppress(VeneerError, OSError), to_change(store) as client:
                self.delivery = Delivery(self.folder, client, begins=self.rank == 0)
                if self._deliver(timeout):
                    return
        waits = f"{self.folder.bytes():,} bytes of the run `{self.name}` wait in {self.folder.path}"
        log.warning("%s; `python -m veneer spool flush` sends them", waits)

    def _stop(self) -> None:
        self.is_over = True
        self.wake.set()
        if self.hold is not None:
            self.hold.let_go()
        self._counts, self._asked_name = self.counts, self.name
        # Whoever sends in this moment would put the folder's lock back.
        is_free = self._sending.acquire(timeout=1.0)
        self.folder.leave()
        if is_free:
            self._sending.release()

    def start_sender(self) -> None:
        """Begins to send in a thread; another one is not begun."""
        if self._sender is None and not self.is_over:
            self._sender = threading.Thread(target=self._send, name="veneer-send", daemon=True)
            self._sender.start()

    def _send(self) -> None:
        wake, pause = self.wake, _FIRST_PAUSE_S
        while not self.is_over and self._process == os.getpid():
            wake.wait(pause if self.delivery.trouble else 1.0)
            wake.clear()
            if self.is_over:
                break
            was_in_trouble = self._is_in_trouble()
            with self._sending:
                self.delivery.send(beats=self.rank == 0)
            if not self._is_in_trouble():
                pause = _FIRST_PAUSE_S
                if was_in_trouble and self.writer is not None:
                    # What became large meanwhile need not wait longer.
                    self.writer.flush(0)
            else:
                # However much is logged, a service in trouble is not asked all the time.
                time.sleep(pause)
                pause = min(pause * 2, _PAUSE_MAX_S)

    def check_process(self) -> None:
        """Makes this the share of a forked process, if it is in one now."""
        if self._process != os.getpid():
            self._in_child()

    def check_is_open(self) -> None:
        """Makes this the share of this process, and refuses what comes behind the end."""
        self.check_process()
        if self.is_finished:
            raise InvalidError(f"the run `{self.name}` is finished", kind="finished")

    def _in_child(self) -> None:
        """Becomes a run of this process, which was forked from the one that began it."""
        if self.writer is not None:
            self.writer.abandon()
        self.writer = None
        self.folder.step_out()
        self.hold, hold = None, self.hold
        if hold is not None:
            hold.let_go()
        self._is_owner = False
        self.delivery = Delivery(self.folder, begins=False)
        self._begin_threads()

    def leave(self) -> None:
        """Hands over what this process logged, when it ends and is not the run's own."""
        if self._process == os.getpid() and not self.is_finished:
            self.is_finished = True
            if self.writer is not None:
                self.writer.flush(10.0)
                self._deliver(10.0)
            self._stop()

    def forget(self) -> None:
        """Leaves nothing of a run that could not begin."""
        self.is_finished = True
        self._stop()
        _every.discard(self)


def told_of(error: BaseException) -> str:
    """What a run that failed says of the error."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@atexit.register
def _at_exit() -> None:
    error = getattr(sys, "last_value", None)
    # In a notebook the last error is that of a cell, and no reason that the process ends.
    is_interactive = hasattr(sys, "ps1") or "IPython" in sys.modules
    for share in list(_every):
        if share._process != os.getpid() or not share._is_owner:
            share.leave()
        elif error is not None and not is_interactive:
            share.finish("failed", told_of(error), _AT_EXIT_S)
        else:
            share.finish("finished", None, _AT_EXIT_S)


def _in_forked_child() -> None:
    for share in list(_every):
        share._in_child()


os.register_at_fork(after_in_child=_in_forked_child)
