"""Where the three programs are: `veneer`, `veneer-server`, `veneer-mountd`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from .errors import NotFoundError, VeneerError


def find(name: str) -> Path:
    """The program of this name: in VENEER_BIN, beside this Python, or on the PATH.

    Raises
    ------
    NotFoundError
        When it is in none of these.
    """
    named = os.environ.get("VENEER_BIN")
    folders = [Path(named)] if named else [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    for folder in folders:
        if os.access(folder / name, os.X_OK):
            return folder / name
    found = None if named else shutil.which(name)
    if found is None:
        where = named or "beside this Python, nor on the PATH"
        hint = "install the package with its programs (`pip install ./python`), or set VENEER_BIN to their folder"
        raise NotFoundError(f"the program `{name}` is not in {where}; {hint}", kind="not-found")
    return Path(found)


def run(arguments: Sequence[str | os.PathLike[str]], *, store: str | None = None) -> str:
    """Runs `veneer` with these arguments; returns what it prints.

    Raises
    ------
    VeneerError
        With what it said, when it did not succeed.
    """
    command: list[str | os.PathLike[str]] = [find("veneer")]
    if store is not None:
        command += ["--store", store]
    ran = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        said = ran.stderr.strip().removeprefix("error: ")
        raise VeneerError(said or f"`veneer {arguments[0]}` ended with {ran.returncode}", kind="command")
    return ran.stdout
