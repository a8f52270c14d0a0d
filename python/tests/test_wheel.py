"""The wheel, in an empty environment on a machine that knows nothing of Rust."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HERE

LOOP = """
import os, pathlib, shutil, subprocess, sys, urllib.request
import veneer

assert shutil.which("cargo") is None, "this machine is to have no Rust"
source = pathlib.Path("data")
for name in ("cat", "dog"):
    (source / name).mkdir(parents=True)
    for at in range(3):
        (source / name / f"{at}.txt").write_text(f"{name} {at}")
(source / "labels.csv").write_text("id,label\\n" + "".join(f"{at},cat\\n" for at in range(5)))

def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout

print(run("veneer", "doctor"))
print(run("veneer", "import", "animals", "data"))
with veneer.mount("animals") as mount, subprocess.Popen(
    ["veneer", "serve", "--port", "0", "--dashboard-port", "0"], stdout=subprocess.PIPE, text=True
) as served:
    dashboard = [served.stdout.readline() for _ in range(2)][1].split()[1]
    assert sorted(os.listdir(mount)) == ["cat", "dog", "labels.csv"]
    with veneer.start_run("first", data=mount) as record:
        record.log(epoch=0, sample=["0", "4"], loss=[0.5, 1.5], predicted=["cat", "dog"])
    dataset = veneer.dataset("animals")
    with dataset.edit("it is a dog") as edit:
        edit.set("4", table="labels", label="dog")
    rows = dataset.table(columns=["label"], run="first", where='"first.loss" > 1').to_pylist()
    assert [row["label"] for row in rows] == ["dog"], rows
    with urllib.request.urlopen(dashboard) as page:
        assert page.status == 200 and b"<html" in page.read()
    served.terminate()
print(run("python", "-m", "veneer", "--version"), run("veneer-spool", "list"))
print("all of it works")
"""


def test_the_wheel_works_in_an_empty_environment_without_rust(bin_folder: Path, tmp_path: Path) -> None:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("nothing can be mounted here: /dev/fuse cannot be opened")
    built = subprocess.run(
        [HERE.parent / "scripts/wheel", tmp_path / "wheel"],
        env={**os.environ, "VENEER_BIN": str(bin_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    wheel = built.stdout.splitlines()[-1]
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", environment / "bin/python"]
    pip += ["install", "--quiet", wheel]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode != 0 and "Could not find a version" in installed.stderr:
        pytest.skip("numpy and pyarrow cannot be had here")
    assert installed.returncode == 0, installed.stderr
    (tmp_path / "loop.py").write_text(LOOP)
    ran = subprocess.run(
        [environment / "bin/python", "loop.py"],
        cwd=tmp_path,
        env={"PATH": f"{environment}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "VENEER_AUTHOR": "ada"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0 and "all of it works" in ran.stdout, (ran.stdout, ran.stderr)


@pytest.mark.parametrize(
    ("has_repository", "said"),
    [(False, "set VENEER_BIN to their folder"), (True, "install Rust 1.94 or later")],
)
def test_without_programs_and_without_rust_it_is_said_what_is_missing(
    tmp_path: Path, has_repository: bool, said: str
) -> None:
    shutil.copytree(HERE, tmp_path / "python", ignore=shutil.ignore_patterns("tests", "__pycache__", ".*"))
    if has_repository:
        (tmp_path / "Cargo.toml").write_text("[workspace]\n")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", tmp_path / "python"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0 and said in built.stderr + built.stdout, built
