"""The thread that writes the spool: it makes columns of what was logged, and segments of columns."""

from __future__ import annotations

import json
import logging
import math
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from .calls import Call, Change, Counts, Flush, Rows, Scalars
from .columns import columns_of
from .names import Names
from .spool import CHANGE, SCALARS, RowSegment, RunFolder, Segment

log = logging.getLogger("veneer")

SYNC_EVERY_S = 1.0
"""A segment is synced, closed and sent when it is so old …"""
SEGMENT_BYTES_MAX = 8 << 20
"""… or so large."""
ROWS_MAX = 100_000
PENDING_BYTES_MAX = 1 << 30
"""So much waits for the disk at most; what comes then is dropped, and counted."""


class Writer:
    """Writes what one process logs into a run's folder.

    Parameters
    ----------
    folder : RunFolder
        Where.
    names : Names
        What samples may be called.
    classes : callable
        Gives the names of the classes, when they are first needed.
    closed : callable
        Is called when something may be sent.
    is_waiting : callable
        Whether nothing can be sent now: then segments become larger.
    """

    def __init__(
        self,
        folder: RunFolder,
        names: Names,
        classes: Callable[[], Sequence[str] | None],
        closed: Callable[[], None],
        is_waiting: Callable[[], bool],
    ) -> None:
        self.counts = Counts()
        self.id = secrets.token_hex(6)
        self._folder = folder
        self._names = names
        self._classes = classes
        self._closed = closed
        self._is_waiting = is_waiting
        self._number = 0
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._put = self._taken = 0
        self._rows: RowSegment | None = None
        self._scalars: Segment | None = None
        self._due = math.inf
        self._warned: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="veneer-spool", daemon=True)
        self._thread.start()

    def put(self, call: Call) -> None:
        """Takes a call; it is on the disk soon."""
        if isinstance(call, Rows):
            size = call.bytes()
            if self._put - self._taken + size > PENDING_BYTES_MAX:
                return self._drop(call, "the disk is too slow for it")
            self._put += size
        self._calls.put(call)

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that was put is in closed segments; returns whether that is so."""
        return self._wait(Flush(), timeout)

    def settle(self, timeout: float | None = None) -> bool:
        """Waits until all that was put is in segments, which stay open; returns whether that is so."""
        return self._wait(Flush(closes=False), timeout)

    def _wait(self, flush: Flush, timeout: float | None) -> bool:
        self._calls.put(flush)
        return flush.done.wait(timeout)

    def abandon(self) -> None:
        """Lets go of all files, in a forked child: they are its parent's."""
        for segment in (self._rows, self._scalars):
            if segment is not None:
                segment.abandon()

    def _run(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=max(0.0, min(self._due - time.monotonic(), 3600)))
            except queue.Empty:
                self._close()
                continue
            try:
                if isinstance(call, Rows):
                    self._taken += call.bytes()
                    self._write_rows(call)
                elif isinstance(call, Scalars):
                    self._write_scalars(call)
                elif isinstance(call, Change):
                    self._write_change(call)
                else:
                    if call.closes:
                        self._close()
                    call.done.set()
            # A training never ends because of what is said of it.
            except Exception as error:
                why = f"the spool cannot be written: {error}" if isinstance(error, OSError) else str(error)
                self._drop(call, why)
            if time.monotonic() >= self._due:
                self._close()

    def _write_rows(self, call: Rows) -> None:
        keys, known = self._names.keys(call.sample, call.among)
        epoch = call.epoch if isinstance(call.epoch, int) else pa.array(call.epoch)
        arrays: dict[str, pa.Array] = {"sample": keys}
        arrays["epoch"] = pa.array(np.full(call.count, epoch)) if isinstance(epoch, int) else epoch
        for name, (value, length) in call.columns.items():
            single = call.count if length is None else None
            classes = self._classes() if name in ("predicted", "boxes") else None
            # What was logged by name goes before what is found out.
            found = columns_of(name, value, single, classes, call.form)
            arrays.update((of, part) for of, part in found if of == name or of not in call.columns)
        self._look_at_losses(arrays)
        batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
        if known is not None:
            unknown = int(np.count_nonzero(~known))
            self.counts.unknown += unknown
            first = self._names.unknown(str(keys[int(np.argmin(known))]))
            self._warn("unknown", f"rows of unknown samples are left out: {first}")
            batch = batch.filter(pa.array(known))
        step = max(1, min(ROWS_MAX, SEGMENT_BYTES_MAX * batch.num_rows // max(1, batch.nbytes)))
        for at in range(0, batch.num_rows, step):
            self._write_batch(batch.slice(at, step))

    def _write_batch(self, batch: pa.RecordBatch) -> None:
        if self._rows is not None and self._rows.schema != batch.schema:
            self._close()
        if self._rows is None:
            self._rows = RowSegment(self._folder.path, self._stem(), batch.schema)
            self._is_due()
        self._rows.add(batch)
        self.counts.rows += batch.num_rows
        if self._rows.size > SEGMENT_BYTES_MAX:
            self._close()

    def _write_scalars(self, call: Scalars) -> None:
        lines = []
        for name, value in call.values.items():
            number = float(value)
            lines.append(json.dumps([name, call.step, number if math.isfinite(number) else None]))
        if self._scalars is None:
            self._scalars = Segment(self._folder.path, self._stem(), SCALARS)
            self._is_due()
        self._scalars.append(("\n".join(lines) + "\n").encode())

    def _write_change(self, call: Change) -> None:
        self._folder.write(self._stem() + CHANGE, dict(call.body))
        self._closed()

    def _stem(self) -> str:
        self._number += 1
        return f"{self.id}-{self._number:06d}"

    def _is_due(self) -> None:
        self._due = min(self._due, time.monotonic() + SYNC_EVERY_S * (10 if self._is_waiting() else 1))

    def _close(self) -> None:
        rows, scalars = self._rows, self._scalars
        self._rows = self._scalars = None
        self._due = math.inf
        for segment in (rows, scalars):
            try:
                if segment is not None:
                    segment.close()
            except OSError as error:
                # It stays open, with its lock free: its whole messages are sent all the same.
                self._warn("disk", f"the spool cannot be synced: {error}")
        if rows is not None or scalars is not None:
            self._closed()

    def _look_at_losses(self, arrays: Mapping[str, pa.Array]) -> None:
        losses = arrays.get("loss")
        if losses is not None and pa.types.is_floating(losses.type):
            count = int(np.count_nonzero(np.isnan(losses.to_numpy(zero_copy_only=False))))
            if count:
                self.counts.nan += count
                self._warn("nan", f"{count} of {len(losses)} losses are NaN; they are recorded as that")

    def _drop(self, call: Call, why: str) -> None:
        self.counts.dropped += call.count if isinstance(call, Rows) else 1
        self._warn("dropped", f"what was logged is dropped, and the training goes on: {why}")

    def _warn(self, of: str, message: str) -> None:
        """Says it once; what comes after is counted."""
        if of not in self._warned:
            self._warned.add(of)
            log.warning("%s (further ones are counted)", message)
