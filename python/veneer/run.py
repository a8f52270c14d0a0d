"""Runs: what a training thinks of each sample, and the numbers of the run as a whole.

```python
run = veneer.start_run("resnet18", data="/mnt/traffic")
run.log(epoch=epoch, sample=paths, loss=losses, predicted=logits)
run.finish()
```

Every batch is on local disk before it is sent (`spool`), and is sent by a thread
of its own (`deliver`): a service that is down, slow or restarting costs the
training nothing. The training waits for `log` to copy what it is given; columns
are made of it in the thread that writes (`writer`).
"""

from __future__ import annotations

import atexit
import contextlib
import html
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from multiprocessing import util as multiprocessing_util
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from .calls import Change, Counts, Rows, Scalars, rows_of
from .deliver import Delivery
from .errors import InvalidError, VeneerError
from .mounts import Hold
from .names import Names
from .parameters import Parameters
from .reduce import reduced
from .service import has_service, to_change
from .spool import RunFolder
from .suspicion import Suspicion, suspicion
from .tables import Classes
from .writer import Writer

log = logging.getLogger("veneer")

_FIRST_PAUSE_S, _PAUSE_MAX_S = 0.25, 10.0
_every: weakref.WeakSet[Run] = weakref.WeakSet()


class Run:
    """A run that goes on; `start_run` makes one.

    It may be used by any thread, by forked and spawned processes, and is a context manager.

    Attributes
    ----------
    name : str
        Its name; the service puts a number behind one that is taken, once it is reached.
    id : str
        32 hexadecimal digits.
    dataset, revision : str or None
        What it looks at.
    folder : pathlib.Path
        Where it is in the spool.
    rank : int
        Which process of a distributed job this is; 0 ends the run for all.
    """

    def __init__(
        self,
        *,
        folder: RunFolder,
        names: Names,
        classes: Classes,
        hold: Hold | None = None,
        rank: int = 0,
        is_owner: bool = True,
        samples: Sequence[Any] | None = None,
    ) -> None:
        run = folder.read("run.json") or {}
        begin = run["begin"]
        self.id = str(run["id"])
        self.dataset: str | None = begin.get("dataset")
        self.revision: str | None = begin.get("ref")
        self.folder: Path = folder.path
        self.rank = rank
        self._asked_name = str(begin["name"])
        self._folder = folder
        self._names = names
        self._classes = classes
        self._hold = hold
        self._is_owner = is_owner
        self._samples = samples
        self._parameters = Parameters(self._tell, begin.get("parameters") or {})
        self._delivery = Delivery(folder, begins=rank == 0 and is_owner)
        self._counts = Counts()
        self._is_checked = False
        self._is_finished = False
        self._writer: Writer | None = None
        self._begin_threads()
        _every.add(self)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, status={self.status!r})"

    def _begin_threads(self) -> None:
        """What only lives in one process."""
        self._process = os.getpid()
        self._making, self._sending = threading.Lock(), threading.Lock()
        self._wake = threading.Event()
        self._is_over = False
        self._sender: threading.Thread | None = None

    # ── what is recorded ─────────────────────────────────────────────────────────────────────

    def log(
        self,
        columns: Mapping[str, Any] | None = None,
        /,
        *,
        sample: Any,
        epoch: Any = 0,
        among: Sequence[Any] | None = None,
        box_form: Literal["xyxy", "xywh", "cxcywhn"] = "xyxy",
        **values: Any,
    ) -> None:
        """Records values of samples, a row for each.

        All arrays have one length n; they may be of torch (on any device), jax, numpy, pandas, or lists.
        A single value counts for all rows.

        Parameters
        ----------
        columns : mapping, optional
            Columns whose names are no words of Python.
        sample : (n,) paths, keys or int
            Paths in the mount (absolute, or below it), row keys, or indices into `among`.
        epoch : int or (n,) int
            When it was measured.
        among : sequence, optional
            What indices in `sample` mean: names, or pairs of name and class such as `ImageFolder.samples`.
        box_form : str
            How `boxes` tells sides: ``xyxy``, ``xywh`` (pixels), or ``cxcywhn`` (shares of the image).
        predicted : (n, classes) float, (n,) int or (n,) str
            Logits or probabilities become the class and the column `confidence`; numbers of classes become names.
        boxes : n times (k, 4), (k, 6), ``{"boxes", "labels", "scores"}`` or a result of Ultralytics
            What a detector found in each image.
        embedding : (n, d) float
            A vector for each sample, kept as float32; any other (n, …) array is kept as a vector, too.
        **values : (n,) numbers, texts, truth values, times; (n, d) vectors
            Any other columns.

        Raises
        ------
        UnknownSampleError
            On the first call, for the first sample that is no row of the table. Later such rows are left out,
            warned about once, and counted.
        InvalidError
            For arrays of different lengths, and values that nothing can be made of.
        """
        self._check_process()
        if self._is_finished:
            raise InvalidError(f"the run `{self.name}` is finished", kind="finished")
        found = columns if not values else {**(columns or {}), **values}
        call = rows_of(sample, epoch, found or {}, self._samples if among is None else among, box_form)
        if not self._is_checked and call.count:
            with self._making:
                wrong = self._names.first_unknown(call.sample, call.among)
            if wrong is not None:
                raise wrong
            self._is_checked = True
        self._put(call)

    def log_scalars(self, scalars: Mapping[str, float] | None = None, /, *, step: int = 0, **values: float) -> None:
        """Records numbers of the run as a whole, such as the accuracy after an epoch.

        Examples
        --------
        >>> run.log_scalars(step=3, accuracy=0.91)
        >>> run.log_scalars({"val/loss": 0.4}, step=3)
        """
        found: dict[str, float] = {}
        for name, value in {**(scalars or {}), **values}.items():
            try:
                found[name] = float(value)
            except (TypeError, ValueError) as cause:
                raise InvalidError(f"the scalar `{name}` is no number: {value!r}", kind="invalid") from cause
        if found:
            self._put(Scalars(int(step), found))

    def log_embeddings(
        self,
        *,
        sample: Any,
        embedding: Any,
        epoch: int = 0,
        reduce: Literal["pca", "umap"] | None = None,
        dims: Literal[2, 3] = 2,
        among: Sequence[Any] | None = None,
    ) -> None:
        """Records a vector for each sample, and where asked its place in two or three dimensions.

        Parameters
        ----------
        sample : (n,)
            As of `log`.
        embedding : (n, d) float
            Kept as float32.
        reduce : str, optional
            ``pca``, or ``umap`` where `umap-learn` is installed: all n vectors together become the columns
            `x`, `y` (and `z`), float32, which plots begin with. The caller waits for that.
        dims : int
            2 or 3.
        epoch : int
            When they were measured.
        among : sequence, optional
            As of `log`.
        """
        values: dict[str, Any] = {"embedding": embedding}
        if reduce is not None:
            places = reduced(embedding, reduce, dims)
            values.update((axis, places[:, at]) for at, axis in enumerate("xyz"[:dims]))
        self.log(values, sample=sample, epoch=epoch, among=among)

    def log_suspicion(
        self,
        *,
        sample: Any,
        label: Any,
        probabilities: Any,
        classes: Sequence[Any] | None = None,
        epoch: int = 0,
        among: Sequence[Any] | None = None,
    ) -> Suspicion:
        """Records how much each label is to be doubted: the columns `suspicion`, 0 to 1, and `is_suspect`.

        Parameters
        ----------
        sample : (n,)
            As of `log`.
        label : (n,) int or str
            The labels that are doubted.
        probabilities : (n, k) or (epochs, n, k) float
            What models that had not seen the samples thought of them.
        classes, epoch, among : optional
            The names of the k classes, as of `suspicion`; the others as of `log`.
        """
        found = suspicion(label, probabilities, classes=classes)
        columns = {"suspicion": found.score, "is_suspect": found.is_suspect}
        self.log(columns, sample=sample, epoch=epoch, among=among)
        return found

    @property
    def parameters(self) -> Parameters:
        """What the run was begun with; setting or calling it adds to that."""
        return self._parameters

    # ── how it is ────────────────────────────────────────────────────────────────────────────

    @property
    def name(self) -> str:
        """The name at the service, or the one that was asked for as long as that was not reached."""
        told = self._folder.read("begun.json") if self.folder.exists() else None
        if told is not None:
            self._asked_name = str(told.get("name", self._asked_name))
        return self._asked_name

    @property
    def status(self) -> str:
        """`running` or `finished`, as this process knows it."""
        return "finished" if self._is_finished else "running"

    @property
    def counts(self) -> Counts:
        """What became of what this process logged."""
        return self._counts if self._writer is None else self._writer.counts

    @property
    def trouble(self) -> str | None:
        """Why nothing can be sent now; None where it can."""
        return self._delivery.trouble

    def _repr_html_(self) -> str:
        rows = {
            "status": self.status,
            "dataset": f"{self.dataset}@{(self.revision or '')[:12]}" if self.dataset else "none",
            "rows": f"{self.counts.rows:,}",
            "waits to be sent": f"{self._folder.bytes():,} bytes" if self.folder.exists() else "nothing",
            **({"trouble": self.trouble} if self.trouble else {}),
            **{name: str(value) for name, value in self._parameters.items()},
        }
        cells = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(str(v))}</td></tr>" for k, v in rows.items())
        return f"<table><caption>run {html.escape(self.name)}</caption>{cells}</table>"

    # ── its end ──────────────────────────────────────────────────────────────────────────────

    def flush(self, timeout: float = 30.0) -> bool:
        """Has all that was logged on the disk, and waits until it is sent; returns whether it is."""
        self._check_process()
        until = time.monotonic() + timeout
        if self._writer is not None and not self._writer.flush(timeout):
            return False
        while not self._deliver(until - time.monotonic()):
            if time.monotonic() > until or self._delivery.trouble is not None:
                return False
            time.sleep(0.02)
        return True

    def finish(
        self, status: Literal["finished", "failed"] = "finished", *, error: str | None = None, timeout: float = 60.0
    ) -> None:
        """Ends the run: sends what is left for up to `timeout` seconds, and lets the mount move on.

        What could not be sent stays in the spool; ``python -m veneer spool flush`` sends it. Of several ranks,
        rank 0 ends the run for all. A second time does nothing.
        """
        if self._is_finished:
            return
        self._check_process()
        self._is_finished = True
        try:
            if self._writer is not None:
                self._writer.flush(timeout)
            if self._is_owner and self.rank == 0:
                told = {"status": status, **({"error": error} if error else {})}
                with contextlib.suppress(OSError):
                    self._folder.write("end.json", told)
            self._send_rest(timeout)
        finally:
            self._stop()
            _every.discard(self)

    def _send_rest(self, timeout: float) -> None:
        if not self.folder.exists() or self.flush(timeout):
            return
        store = self._delivery.store
        if not has_service(store) and os.path.isdir(store):
            # The store is at hand, and nobody serves it: then it is served for a moment.
            with contextlib.suppress(VeneerError, OSError), to_change(store) as client:
                self._delivery = Delivery(self._folder, client, begins=self.rank == 0)
                if self._deliver(timeout):
                    return
        waits = f"{self._folder.bytes():,} bytes of the run `{self.name}` wait in {self.folder}"
        log.warning("%s; `python -m veneer spool flush` sends them", waits)

    def _stop(self) -> None:
        self._is_over = True
        self._wake.set()
        if self._hold is not None:
            self._hold.let_go()
        self._counts, self._asked_name = self.counts, self.name
        # Whoever sends in this moment would put the folder's lock back.
        is_free = self._sending.acquire(timeout=1.0)
        self._folder.leave()
        if is_free:
            self._sending.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.finish("failed", error=_told(error))

    # ── threads and processes ────────────────────────────────────────────────────────────────

    def _put(self, call: Rows | Scalars | Change) -> None:
        self._check_process()
        writer = self._writer or self._make_writer()
        writer.put(call)

    def _tell(self, parameters: Mapping[str, Any]) -> None:
        self._put(Change({"parameters": dict(parameters)}))

    def _make_writer(self) -> Writer:
        with self._making:
            if self._writer is None:
                self._writer = Writer(self._folder, self._names, self._classes, self._wake.set, self._is_in_trouble)
                if not self._is_owner:
                    self._folder.join()
                    # A worker of multiprocessing ends without `atexit`.
                    multiprocessing_util.Finalize(self, Run._leave, args=(self,), exitpriority=10)
            return self._writer

    def _is_in_trouble(self) -> bool:
        return self._delivery.trouble is not None

    def _deliver(self, timeout: float) -> bool:
        """Sends what there is; returns whether all of this process is sent, and the end of the run if it said so."""
        if self._sending.acquire(timeout=max(0.0, timeout)):
            try:
                self._delivery.send()
            finally:
                self._sending.release()
        own = "" if self._writer is None else self._writer.id
        ends = self._is_owner and self.rank == 0 and (self.folder / "end.json").exists()
        return not ends and not any(file.name.startswith(own + "-") for file in self._folder.ready())

    def start_sender(self) -> None:
        """Begins to send in a thread; another one is not begun."""
        if self._sender is None and not self._is_over:
            self._sender = threading.Thread(target=self._send, name="veneer-send", daemon=True)
            self._sender.start()

    def _send(self) -> None:
        wake, pause = self._wake, _FIRST_PAUSE_S
        while not self._is_over and self._process == os.getpid():
            wake.wait(pause if self._delivery.trouble else 1.0)
            wake.clear()
            if self._is_over:
                break
            was_in_trouble = self._is_in_trouble()
            with self._sending:
                self._delivery.send(beats=self.rank == 0)
            if not self._is_in_trouble():
                pause = _FIRST_PAUSE_S
                if was_in_trouble and self._writer is not None:
                    # What became large meanwhile need not wait longer.
                    self._writer.flush(0)
            else:
                # However much is logged, a service in trouble is not asked all the time.
                time.sleep(pause)
                pause = min(pause * 2, _PAUSE_MAX_S)

    def _check_process(self) -> None:
        if self._process != os.getpid():
            self._in_child()

    def _in_child(self) -> None:
        """Becomes a run of this process, which was forked from the one that began it."""
        if self._writer is not None:
            self._writer.abandon()
        self._writer = None
        self._folder.step_out()
        self._hold, hold = None, self._hold
        if hold is not None:
            hold.let_go()
        self._is_owner = False
        self._delivery = Delivery(self._folder, begins=False)
        self._begin_threads()

    def _leave(self) -> None:
        """Hands over what this process logged, when it ends and is not the run's own."""
        if self._process == os.getpid() and not self._is_finished:
            self._is_finished = True
            if self._writer is not None:
                self._writer.flush(10.0)
                self._deliver(10.0)
            self._stop()

    def _forget(self) -> None:
        """Leaves nothing of a run that could not begin."""
        self._is_finished = True
        self._stop()
        _every.discard(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _attached, (str(self.folder), self._names, self._classes, self.rank, self._samples)


def _attached(folder: str, names: Names, classes: Classes, rank: int, samples: Sequence[Any] | None) -> Run:
    """The run in a process that was spawned by the one that began it."""
    folder_of = RunFolder(Path(folder))
    if not folder_of.join():
        raise InvalidError(f"the run in {folder} is finished", kind="finished")
    return Run(folder=folder_of, names=names, classes=classes, rank=rank, is_owner=False, samples=samples)


def _told(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@atexit.register
def _at_exit() -> None:
    error = getattr(sys, "last_value", None)
    # In a notebook the last error is that of a cell, and no reason that the process ends.
    is_interactive = hasattr(sys, "ps1") or "IPython" in sys.modules
    for run in list(_every):
        if run._process != os.getpid() or not run._is_owner:
            run._leave()
        elif error is not None and not is_interactive:
            run.finish("failed", error=_told(error))
        else:
            run.finish()


def _in_forked_child() -> None:
    for run in list(_every):
        run._in_child()


os.register_at_fork(after_in_child=_in_forked_child)
