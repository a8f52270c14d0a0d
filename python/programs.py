"""Puts the programs `veneer`, `veneer-server` and `veneer-mountd` into the wheel, and says which machines it fits.

They are taken from VENEER_BIN or the repository's `target/release`, and built with
cargo where they are in neither.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAMES = ("veneer", "veneer-server", "veneer-mountd")
GLIBC_MIN = 17


class Programs(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling asks before it makes a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the programs, and the tag."""
        if self.target_name != "wheel":
            return
        self._folder = tempfile.mkdtemp(prefix="veneer-wheel-")
        folder = stripped(programs(Path(self.root)), Path(self._folder))
        build_data["shared_scripts"] = {str(folder / name): name for name in NAMES}
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{machine(folder)}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leaves nothing behind but the wheel."""
        shutil.rmtree(getattr(self, "_folder", ""), ignore_errors=True)


def stripped(folder: Path, into: Path) -> Path:
    """A folder with the programs without the names of functions, which are two thirds of them."""
    if shutil.which("strip") is None:
        return folder
    for name in NAMES:
        subprocess.run(["strip", "-o", into / name, folder / name], check=True)
    return into


def programs(root: Path) -> Path:
    """The folder that has the three programs."""
    named = os.environ.get("VENEER_BIN")
    if named:
        if missing := [name for name in NAMES if not (Path(named) / name).is_file()]:
            end(f"VENEER_BIN is `{named}`, which has no {' and no '.join(missing)}")
        return Path(named)
    repository = root.parent
    folder = Path(os.environ.get("CARGO_TARGET_DIR") or repository / "target") / "release"
    if not all((folder / name).is_file() for name in NAMES):
        if not (repository / "Cargo.toml").is_file():
            end("the programs are not here, and neither is what they are built from; set VENEER_BIN to their folder")
        build(repository)
    return folder


def build(repository: Path) -> None:
    """Builds the programs."""
    cargo = shutil.which("cargo") or str(Path.home() / ".cargo/bin/cargo")
    if not Path(cargo).is_file():
        end(
            "the programs of Veneer are not built yet, and Rust, which builds them, is not installed\n\n"
            "hint: install Rust 1.94 or later (https://rustup.rs), set VENEER_BIN to a folder that has "
            f"{', '.join(NAMES)}, or install a wheel, which has them"
        )
    print("building the programs of Veneer with cargo; that takes some minutes", file=sys.stderr)
    if subprocess.run([cargo, "build", "--release", "--workspace"], cwd=repository, check=False).returncode != 0:
        end("the programs of Veneer cannot be built: see what cargo said above")


def machine(folder: Path) -> str:
    """The tag of the machines on which they run: of this kind, with at least this glibc."""
    needed = GLIBC_MIN
    for name in NAMES:
        found = re.findall(rb"GLIBC_2\.(\d+)", (folder / name).read_bytes())
        needed = max([needed, *map(int, found)])
    return f"manylinux_2_{needed}_{platform.machine()}"


def end(why: str) -> None:
    """Ends the build with what is missing, and no trace of how it was found out."""
    print(f"\nerror: {why}\n", file=sys.stderr)
    sys.exit(3)
