"""Workers and ranks write one run."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from work import KEYS, judge, record

import veneer
from conftest import Service, until
from veneer import service, spool
from veneer.tables import Classes, SampleTable


def epochs(served: Service, name: str) -> list[int]:
    rows = served.rows(name)
    assert all(row["loss"] == row["epoch"] for row in rows)
    assert served.run(name)["rows"] == len(rows)
    found = sorted({row["epoch"] for row in rows})
    assert len(rows) == len(found) * len(KEYS)
    return found


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_write_the_run_that_they_were_given(served: Service, animals: Path, method: Any) -> None:
    run = veneer.start_run("workers", data="animals")
    record(run, 0)
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=record, args=(run, epoch)) for epoch in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(180)
        assert worker.exitcode == 0
    record(run, 4)
    run.finish()
    assert epochs(served, "workers") == [0, 1, 2, 3, 4]
    assert served.run("workers")["status"] == "finished"
    assert not run.folder.exists()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_that_kills_its_workers_loses_nothing_of_their_tasks(
    served: Service, animals: Path, method: Any
) -> None:
    with veneer.start_run("pool", data="animals") as run, multiprocessing.get_context(method).Pool(2) as pool:
        pool.starmap(judge, [(run, epoch) for epoch in range(6)])
    assert served.run("pool")["rows"] == 6 * len(KEYS) and not run.folder.exists()


def test_a_fork_while_the_run_writes_hangs_nothing(served: Service, animals: Path) -> None:
    run = veneer.start_run("forks", data="animals")
    children = []
    for epoch in range(0, 40, 2):
        record(run, epoch)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                record(run, epoch + 1)
                run._share.leave()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
    run.finish()
    assert epochs(served, "forks") == list(range(40))


def test_a_fork_finds_no_import_of_the_run_s_threads_half_done(served: Service, script: Callable[..., Any]) -> None:
    process = script("""
        import sys, veneer
        run = veneer.start_run("imports", data="animals")
        before = set(sys.modules)
        run.log(sample=["cat/00.png"], loss=[1.0], predicted=[[0.0, 1.0, 2.0]], embedding=[[0.0]], note=["x"])
        run.log_scalars(accuracy=1.0)
        run.finish()
        print(sorted(set(sys.modules) - before))
    """)
    assert process.communicate(timeout=60) == ("[]\n", "")


def child_of(work: Callable[[], Any]) -> int:
    """A forked child that ends with 0, unless its work fails or takes half a minute."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(30)
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_a_child_waits_for_no_lock_of_its_parent_s_threads(animals: Path) -> None:
    ask = veneer.dataset("animals").tables
    with service._lock:
        child = child_of(ask)
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_that_was_forked_while_classes_are_looked_up_knows_them_too(served: Service, animals: Path) -> None:
    class Slow(SampleTable):
        def classes(self) -> list[str] | None:
            children.append(child_of(lambda: list(of() or ())[2]) if not children else 0)
            return super().classes()

    children: list[int] = []
    of = Classes(None, Slow(served.store, "animals", "main"))
    assert of() == ["cat", "cow", "dog"]
    assert os.waitpid(children[0], 0)[1] == 0


@pytest.mark.parametrize("name", ["w-000001.arrow.open", "run.json"])
def test_a_child_keeps_no_lock_of_who_cleans_up(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = spool.RunFolder(home / "run")
    folder.path.mkdir()
    children: list[int] = []

    def forks(*_: object, **__: object) -> None:
        children.append(child_of(signal.pause))

    monkeypatch.setattr(spool, "_make_whole", forks)
    monkeypatch.setattr("veneer.spool.shutil.rmtree", forks)
    (folder.path / name).touch()
    waits = os.open(folder.path / name, os.O_RDONLY)
    try:
        folder.take_left()
        folder.remove()
        assert len(children) == 1
        # Whoever opened it before it was removed waits for its lock: here it would be for ever.
        fcntl.flock(waits, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(waits)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_a_service_of_one_s_own_ends_though_a_child_lives(animals: Path) -> None:
    of_own = service.OwnService(str(animals.parent / "store"), may_change=True)
    child = child_of(signal.pause)
    try:
        begun = time.monotonic()
        of_own.end()
        assert time.monotonic() - begun < 15 and not service.has_service(str(animals.parent / "store"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_children_that_say_nothing_keep_nothing_from_being_sent(served: Service, animals: Path) -> None:
    run = veneer.start_run("idle", data="animals")
    children = []
    try:
        for epoch in range(30):
            record(run, epoch)
            # Among so many forks some come while the parent sends.
            run._share.wake.set()
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
        until(lambda: served.run("idle")["rows"] == 30 * len(KEYS), "all of it is sent though the children live")
        run.finish()
        assert epochs(served, "idle") == list(range(30)) and not run.folder.exists()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_what_a_killed_worker_had_written_is_sent_by_its_parent(served: Service, animals: Path) -> None:
    run = veneer.start_run("worker-dies", data="animals")
    record(run, 0)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        record(run, 1)
        until(lambda: run.counts.rows == len(KEYS), "it is on the disk")
        os.write(writable, b"x")
        signal.pause()
    os.read(readable, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until(lambda: served.run("worker-dies")["rows"] == 2 * len(KEYS), "both epochs are there")
    run.finish()
    assert epochs(served, "worker-dies") == [0, 1]


LAUNCH = """
import os, subprocess, sys
text = sys.argv[1]
ranks = []
for rank in range(3):
    variables = {"RANK": str(rank), "WORLD_SIZE": "3", "LOCAL_WORLD_SIZE": "3",
                 "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    ranks.append(subprocess.Popen([sys.executable, "-c", text], env={**os.environ, **variables}))
sys.exit(max(rank.wait() for rank in ranks))
"""
RANK = """
import os, veneer
rank = int(os.environ["RANK"])
run = veneer.start_run("ranks", data="animals")
keys = [f"cat/{at:02}.png" for at in range(20)]
run.log(epoch=rank, sample=keys, loss=[float(rank)] * 20)
assert run.rank == rank
"""


def test_ranks_of_one_job_write_one_run_and_those_of_the_next_another(
    served: Service, animals: Path, script: Callable[..., Any]
) -> None:
    for _ in range(2):
        process = script(LAUNCH, RANK)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and "wait in" not in err, (out, err)
    told = served.client.get("/v1/runs")["runs"]
    assert [(run["name"], run["status"], run["rows"]) for run in told] == [
        ("ranks-2", "finished", 60),
        ("ranks", "finished", 60),
    ]
    assert told[0]["parameters"]["processes"] == 3
    for name in ("ranks", "ranks-2"):
        assert [row["epoch"] for row in served.rows(name)] == [rank for rank in range(3) for _ in range(20)]


def test_processes_with_one_id_write_one_run(
    served: Service, animals: Path, script: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENEER_RUN_ID", "job 7")
    first, second = veneer.start_run("named", data="animals"), veneer.start_run("named", data="animals")
    assert first.id == second.id
    record(first, 0)
    record(second, 1)
    first.finish()
    second.finish()
    assert epochs(served, "named") == [0, 1]


def test_torch_distributed_tells_all_ranks_the_id(served: Service, animals: Path, script: Callable[..., Any]) -> None:
    pytest.importorskip("torch.distributed", reason="torch is not installed here")
    process = script("""
        import os, torch.distributed as dist, torch.multiprocessing as mp, veneer
        def work(rank):
            os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
            dist.init_process_group("gloo", rank=rank, world_size=2)
            run = veneer.start_run("gloo", data="animals")
            run.log(epoch=rank, sample=["cat/00.png"], loss=[rank])
            dist.barrier()
            run.finish()
        if __name__ == "__main__":
            mp.spawn(work, nprocs=2)
    """)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert [run["rows"] for run in served.client.get("/v1/runs")["runs"]] == [2]


def test_another_process_does_not_hold_the_mount(mounted: str, served: Service) -> None:
    run = veneer.start_run("holder", data=mounted)
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        assert run._share.hold is not None
        run.finish()
        with veneer.dataset("animals").edit("one less") as edit:
            edit.remove("cat/00.png")
        until(lambda: not Path(mounted, "cat/00.png").exists(), "the mount moves on though the child lives")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if sys.platform != "linux":
    pytest.skip("mounts are Linux's", allow_module_level=True)
