"""Runs: what a training thinks of each sample, and the numbers of the run as a whole.

```python
run = veneer.start_run("resnet18", data="/mnt/traffic")
run.log(epoch=epoch, sample=paths, loss=losses, predicted=logits)
run.finish()
```

Every batch is on local disk before it is sent (`spool`), and is sent by a thread
of its own (`deliver`): a service that is down, slow or restarting costs the
training nothing. The training waits for `log` to copy what it is given; columns
are made of it in the thread that writes (`writer`). Threads, forks and the end are
`share`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from .calls import Change, Counts, Rows, Scalars, rows_of
from .errors import InvalidError
from .mounts import Hold
from .names import Names
from .parameters import Parameters
from .reduce import reduced
from .share import Share, told_of
from .spool import RunFolder
from .suspicion import Suspicion, suspicion
from .tables import Classes


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
        self._samples = samples
        self._share = Share(str(begin["name"]), folder, names, classes, hold=hold, rank=rank, is_owner=is_owner)
        self._parameters = Parameters(self._tell, begin.get("parameters") or {})
        self._is_checked = False

    def __repr__(self) -> str:
        return f"Run({self.name!r}, status={self.status!r})"

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
        self._share.check_is_open()
        found = columns if not values else {**(columns or {}), **values}
        call = rows_of(sample, epoch, found or {}, self._samples if among is None else among, box_form)
        if not call.count:
            return
        if not self._is_checked:
            wrong = self._share.first_unknown(call)
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
        return self._share.name

    @property
    def status(self) -> str:
        """`running` or `finished`, as this process knows it."""
        return "finished" if self._share.is_finished else "running"

    @property
    def counts(self) -> Counts:
        """What became of what this process logged."""
        return self._share.counts

    @property
    def trouble(self) -> str | None:
        """Why nothing can be sent now; None where it can."""
        return self._share.delivery.trouble

    def _repr_html_(self) -> str:
        folder = self._share.folder
        rows = {
            "status": self.status,
            "dataset": f"{self.dataset}@{(self.revision or '')[:12]}" if self.dataset else "none",
            "rows": f"{self.counts.rows:,}",
            "waits to be sent": f"{folder.bytes():,} bytes" if folder.path.exists() else "nothing",
            **({"trouble": self.trouble} if self.trouble else {}),
            **{name: str(value) for name, value in self._parameters.items()},
        }
        cells = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(str(v))}</td></tr>" for k, v in rows.items())
        return f"<table><caption>run {html.escape(self.name)}</caption>{cells}</table>"

    # ── its end ──────────────────────────────────────────────────────────────────────────────

    def flush(self, timeout: float = 30.0) -> bool:
        """Has all that was logged on the disk, and waits until it is sent; returns whether it is."""
        return self._share.flush(timeout)

    def finish(
        self, status: Literal["finished", "failed"] = "finished", *, error: str | None = None, timeout: float = 60.0
    ) -> None:
        """Ends the run: sends what is left for up to `timeout` seconds, and lets the mount move on.

        What could not be sent stays in the spool; ``python -m veneer spool flush`` sends it. Of several ranks,
        rank 0 ends the run for all. A second time does nothing.
        """
        self._share.finish(status, error, timeout)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.finish("failed", error=told_of(error))

    # ── between threads and processes ────────────────────────────────────────────────────────

    def start_sender(self) -> None:
        """Begins to send in a thread; another one is not begun."""
        self._share.start_sender()

    def _put(self, call: Rows | Scalars | Change) -> None:
        self._share.put(call)

    def _tell(self, parameters: Mapping[str, Any]) -> None:
        self._put(Change({"parameters": dict(parameters)}))

    def __reduce__(self) -> tuple[Any, ...]:
        return _attached, (str(self.folder), self._share.names, self._share.classes, self.rank, self._samples)


def _attached(folder: str, names: Names, classes: Classes, rank: int, samples: Sequence[Any] | None) -> Run:
    """The run in a process that was spawned by the one that began it."""
    folder_of = RunFolder(Path(folder))
    if not folder_of.join():
        raise InvalidError(f"the run in {folder} is finished", kind="finished")
    return Run(folder=folder_of, names=names, classes=classes, rank=rank, is_owner=False, samples=samples)
