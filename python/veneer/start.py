"""Beginning a run: what it looks at, which store it is for, and which of several processes it is in."""

from __future__ import annotations

import logging
import os
import platform
import re
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from . import mounts, ranks
from .client import default_store, is_url
from .errors import InvalidError, ServiceError, VeneerError
from .names import Names
from .parameters import as_json
from .run import Run
from .spool import RunFolder, root
from .tables import Classes, SampleTable

if TYPE_CHECKING:
    from .dataset import Dataset

log = logging.getLogger("veneer")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?:@(.+))?")


class Data:
    """What a run looks at.

    Attributes
    ----------
    store : str
        The store that the run is for.
    table : SampleTable or None
        What its samples are rows of; None where any name is one.
    tops : list of str
        The folder that paths are below, as it may be written.
    hold : Hold or None
        What keeps the mount still.
    """

    def __init__(self, store: str) -> None:
        self.store = store
        self.table: SampleTable | None = None
        self.tops: list[str] = []
        self.hold: mounts.Hold | None = None

    @classmethod
    def of(
        cls, data: str | os.PathLike[str] | Dataset | None, store: str | None, table: str | None, *, hold: bool
    ) -> Data:
        """Finds out what `data` is: a mount, another folder, or the address of a dataset."""
        found = cls(store or default_store())
        if data is None:
            name, revision = os.environ.get("VENEER_DATASET"), os.environ.get("VENEER_REVISION")
            if name and revision:
                found.table = SampleTable(found.store, name, revision, table)
            return found
        if not isinstance(data, (str, os.PathLike)):
            found.store = data.store
            found.table = SampleTable(data.store, data.name, data.revision, table, data.top)
            found.tops = _tops(data.top, data.top) if data.top else []
            return found
        text = os.fspath(data)
        info = mounts.info_of(text) if os.path.exists(text) else None
        if info is not None:
            found._of_mount(info, text, store, table, hold)
        elif os.path.exists(text):
            found.tops = _tops(os.path.abspath(text), os.path.abspath(text))
            log.warning("`%s` is no mount of Veneer: its samples are called by their paths below it", text)
        else:
            found._of_address(text, table)
        return found

    def names(self) -> Names:
        """What samples may be called."""
        called = self.table.table if self.table is not None else None
        return Names(self.table, self.tops, called or "samples")

    def _of_mount(self, info: mounts.Info, text: str, store: str | None, table: str | None, hold: bool) -> None:
        self.store = store or info.store
        revision = info.revision
        if hold and info.mode not in ("pin", "write"):
            self.hold = mounts.Hold(info)
            revision = self.hold.revision
        if info.mode == "write":
            log.warning("`%s` is writable: what is not committed in it is no part of the run's revision", text)
        self.table = SampleTable(self.store, info.dataset, revision, table, info.top)
        self.tops = _tops(info.top, text)

    def _of_address(self, text: str, table: str | None) -> None:
        from .dataset import dataset

        if not _ADDRESS.fullmatch(text):
            raise InvalidError(f"`{text}` is neither a folder nor an address such as `traffic@main`", kind="invalid")
        found = dataset(text, store=self.store)
        self.table = SampleTable(self.store, found.name, found.revision, table)


def _tops(top: str, said: str) -> list[str]:
    found = [top, os.path.realpath(top)]
    # A relative path or a link is told as it was said, too.
    real, whole = os.path.realpath(said), os.path.realpath(top)
    if real == whole:
        found.append(os.path.abspath(said))
    return list(dict.fromkeys(found))


def start_run(
    name: str,
    *,
    data: str | os.PathLike[str] | Dataset | None = None,
    table: str | None = None,
    classes: Sequence[str] | None = None,
    samples: Sequence[Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    kind: Literal["training", "evaluation"] = "training",
    store: str | os.PathLike[str] | None = None,
    hold: bool = True,
    id: str | None = None,
) -> Run:
    """Begins a run.

    It is shown at once where the store's service is reached, and else once what it says is sent.

    Parameters
    ----------
    name : str
        What it is called: 1 to 64 of ``A-Z a-z 0-9 . _ -``. One that is taken gets a number behind it.
    data : path, str or Dataset, optional
        A mount, or a folder in it: dataset and revision come from there, and the mount stays at its revision until
        the run ends. Another folder: samples are called by their paths below it. An address, ``traffic@main``.
    table : str, optional
        The table whose rows are the samples; the main one if not said.
    classes : sequence of str, optional
        What the numbers of classes mean; the dataset's own order if not said (of folders of classes: by name).
    samples : sequence, optional
        What indices in `sample` mean, unless `among` says: names, or pairs such as `ImageFolder.samples`.
    parameters : mapping, optional
        Anything that is to be known of it.
    kind : str
        ``training``, or ``evaluation`` of what only looks.
    store : path or URL, optional
        The store that it is for; that of the mount if not said, else VENEER_STORE.
    hold : bool
        Whether the mount stays at its revision.
    id : str, optional
        32 hexadecimal digits: processes with one id write one run. Processes of one distributed job find theirs
        by themselves; VENEER_RUN_ID says it where they do not.

    Raises
    ------
    InvalidError, NotFoundError
        For a name that cannot be one, and a dataset that the store does not have.

    Examples
    --------
    >>> with veneer.start_run("resnet18", data="traffic@main") as run:
    ...     run.log(epoch=0, sample=["car/0.png", "bus/2.png"], loss=[0.5, 0.25], predicted=["car", "car"])
    """
    if not _NAME.fullmatch(name):
        raise InvalidError(f"`{name}` cannot be a run's name: it is 1 to 64 of A-Z a-z 0-9 . _ -", kind="invalid")
    if id is not None and not re.fullmatch("[0-9a-f]{32}", id):
        raise InvalidError(f"`{id}` is no id of a run: it has 32 hexadecimal digits", kind="invalid")
    place = None if store is None else os.fspath(store)
    if place is not None and not is_url(place):
        place = os.path.abspath(place)
    of = ranks.place()
    found = Data.of(data, place, table, hold=hold)
    begin: dict[str, Any] = {
        "name": name,
        "id": id or ranks.run_id(name, of),
        "kind": kind,
        "host": socket.gethostname(),
        "started_at": datetime.now(timezone.utc).isoformat(),
        "parameters": {**_surroundings(of), **{key: as_json(value) for key, value in (parameters or {}).items()}},
    }
    if found.table is not None:
        begin.update({"dataset": found.table.dataset, "ref": found.table.revision})
        begin.update({"table": table} if table else {})
    run = Run(
        folder=_folder({"id": begin["id"], "store": found.store, "begin": begin}),
        names=found.names(),
        classes=Classes(classes, found.table),
        hold=found.hold,
        rank=of.rank,
        samples=samples,
    )
    try:
        told = {"name": name} if of.rank else run._share.delivery.begin()
        if told.get("name") != name:
            log.warning("a run `%s` was there already: this one is `%s`", name, told.get("name"))
    except (ServiceError, OSError) as error:
        log.warning("the run is kept in %s until it can be sent: %s", run.folder, error)
        run._share.delivery.trouble = str(error)
    except VeneerError:
        run._share.forget()
        raise
    run.start_sender()
    return run


def _folder(run: dict[str, Any]) -> RunFolder:
    try:
        return RunFolder.make(root(), run)
    except OSError as cause:
        other = Path(tempfile.gettempdir()) / f"veneer-spool-{os.getuid()}"
        log.warning("the spool `%s` cannot be written: %s; the run is kept in `%s`", root(), cause, other)
        return RunFolder.make(other, run)


def _surroundings(of: ranks.Place) -> dict[str, Any]:
    """What is known of the process without asking: enough to run it again."""
    found: dict[str, Any] = {"python": platform.python_version(), "command": " ".join(sys.argv)[:1000]}
    found["packages"] = {"numpy": np.__version__, "pyarrow": pa.__version__, **_frameworks()}
    return {**found, "processes": of.world} if of.world > 1 else found


def _frameworks() -> dict[str, str]:
    names = ("torch", "jax", "keras", "sklearn", "xgboost", "lightgbm", "transformers", "lightning", "ultralytics")
    loaded = {name: getattr(sys.modules.get(name), "__version__", None) for name in names}
    return {name: str(version) for name, version in loaded.items() if version is not None}
