"""``python -m veneer spool``: what waits in the spool, and sending it. All else is the command `veneer`'s."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from . import programs, spool
from .client import is_url
from .deliver import Delivery
from .errors import VeneerError
from .service import has_service, to_change


def main(words: list[str] | None = None) -> int:
    """Runs it; returns the exit code."""
    words = sys.argv[1:] if words is None else words
    if words[:1] != ["spool"]:
        program = programs.find("veneer")
        os.execv(program, [str(program), *words])
    return spool_command(words[1:])


def spool_command(words: list[str] | None = None) -> int:
    """``spool list`` and ``spool flush``; returns the exit code: 1 when something still waits."""
    parser = argparse.ArgumentParser(
        prog="python -m veneer spool", description="What runs had to say and has not been sent."
    )
    parser.add_argument("command", choices=["list", "flush"], help="list what waits, or send it")
    parser.add_argument("--store", help="send to this store, and not to the one that the run was for")
    options = parser.parse_args(words)
    waits = False
    for folder in spool.runs(spool.root()):
        folder.take_left()
        if options.command == "list":
            waits |= not folder.is_done()
            _tell(folder, "waits" if not folder.is_done() else "is sent, or refused")
        else:
            waits |= not _flush(folder, options.store)
    return 1 if waits and options.command == "flush" else 0


def _flush(folder: spool.RunFolder, store: str | None) -> bool:
    if store is not None:
        run = folder.read("run.json") or {}
        folder.write("run.json", {**run, "store": store if is_url(store) else os.path.abspath(store)})
    delivery = Delivery(folder)
    with contextlib.ExitStack() as stack:
        if not is_url(delivery.store) and not has_service(delivery.store):
            try:
                delivery = Delivery(folder, stack.enter_context(to_change(delivery.store)))
            except (VeneerError, OSError) as error:
                _tell(folder, f"waits: {error}")
                return False
        is_sent = delivery.send()
    if is_sent:
        _tell(folder, f"sent {delivery.sent} batches" + (f", {delivery.refused} refused" if delivery.refused else ""))
        folder.remove()
    else:
        _tell(folder, f"waits: {delivery.trouble or 'a process writes it'}")
    return is_sent


def _tell(folder: spool.RunFolder, what: str) -> None:
    begin = (folder.read("run.json") or {}).get("begin", {})
    print(f"{begin.get('name', '?')}  {folder.path.name}  {folder.bytes():,} bytes  {what}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VeneerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(3)
