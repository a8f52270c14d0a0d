"""Reading a dataset, and editing it: beside a store in a folder, over a service's URL, and by a mount."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import veneer
from conftest import CLASSES, KEYS, Service, mount_or_skip, until
from veneer import programs, service
from veneer.client import Client


@pytest.fixture(params=["folder", "service", "url", "mount"])
def animals_by(request: pytest.FixtureRequest, animals: Path, home: Path, make_service: Callable[..., Service]) -> Any:
    """The dataset `animals`, reached in each way that there is."""
    if request.param in ("service", "url"):
        served = make_service().start()
        yield veneer.dataset("animals", store=served.url if request.param == "url" else None)
    elif request.param == "mount":
        with mount_or_skip("animals", home / "mnt") as made:
            yield veneer.dataset(made.path)
    else:
        yield veneer.dataset("animals@main")


def test_tables_are_the_same_in_each_way(animals_by: veneer.Dataset, animals: Path) -> None:
    found = animals_by.table()
    assert found["_key"].to_pylist() == KEYS == animals_by.keys()
    assert found["label"].to_pylist() == [name for name in CLASSES for _ in range(20)]
    some = animals_by.table("samples", columns=["label"], where="label <> 'cat'", order="key DESC", limit=2)
    assert some.select(["_key", "label"]).to_pylist() == [
        {"_key": "dog/19.png", "label": "dog"},
        {"_key": "dog/18.png", "label": "dog"},
    ]
    assert animals_by.path("cow/07.png").read_bytes() == (animals / "cow/07.png").read_bytes()
    assert animals_by.path("cow/07.png").name == "07.png"
    counted = animals_by.sql(
        "SELECT label, count(*) AS n FROM samples WHERE label <> $1 GROUP BY label ORDER BY label", "cat"
    )
    assert counted.to_pylist() == [{"label": "cow", "n": 20}, {"label": "dog", "n": 20}]
    assert animals_by.main_table() == "samples"
    with pytest.raises(veneer.NotFoundError):
        animals_by.path("cat/99.png")
    with pytest.raises(veneer.VeneerError):
        animals_by.table(where="no_such = 1")


def test_edits_become_one_revision_in_each_way(animals_by: veneer.Dataset, animals: Path, tmp_path: Path) -> None:
    before = animals_by.revision
    (tmp_path / "note.txt").write_text("of a file")
    with animals_by.edit("look again") as edit:
        for key in KEYS[:3]:
            edit.set(key, label="dog")
        edit.set(KEYS[3], {"label": "cow"})
        edit.exclude(KEYS[4])
        edit.add_column("weight", "number")
        edit.set(KEYS[0], weight=np.float32(0.5))
        edit.put("notes/a.txt", b"of bytes")
        edit.put("notes/b.txt", tmp_path / "note.txt")
    assert animals_by.revision == edit.revision != before
    newest = animals_by.log(1)[0]
    assert (newest["message"], newest["author"], newest["parents"]) == ("look again", "ada", [before])
    labels = animals_by.labels()
    assert [labels[at] for at in animals_by.places(KEYS[:5])] == ["dog", "dog", "dog", "cow", "cat"]
    cells = {
        (row["key"], row["column"]): (row["before"], row["after"]) for row in animals_by.diff(before, edit.revision)
    }
    assert cells[KEYS[0], "label"] == ("cat", "dog") and cells[KEYS[4], "excluded"][1] is True
    assert animals_by.read("notes/a.txt") + animals_by.read("notes/b.txt") == b"of bytesof a file"
    weights = animals_by.weights(order=[KEYS[0], KEYS[4], (KEYS[5], 0)])
    assert weights.tolist() == [0.5, 0.0, 1.0]
    assert animals_by.latest().revision == edit.revision
    assert sorted(path.name for path in animals.iterdir()) == sorted(CLASSES), "the source is what it was"


def test_a_block_that_fails_changes_nothing(animals: Path) -> None:
    dataset = veneer.dataset("animals")
    before = dataset.revision
    with pytest.raises(ZeroDivisionError), dataset.edit("half of it") as edit:
        edit.set(KEYS[0], label="dog")
        _ = 1 / 0
    with pytest.raises(veneer.VeneerError, match=r"cat/99\.png"), dataset.edit("one is wrong") as edit:
        edit.set(KEYS[0], label="dog")
        edit.set("cat/99.png", label="dog")
    with dataset.edit("nothing") as edit:
        pass
    assert (dataset.latest().revision, edit.revision) == (before, None)
    with pytest.raises(veneer.InvalidError, match="the message is empty"):
        dataset.edit(" ")
    with dataset.edit("it works on") as edit:
        edit.set(KEYS[0], label="dog")
    assert dataset.latest().revision == edit.revision
    with dataset.edit("it is one already") as again:
        again.set(KEYS[0], label="dog")
    assert (again.revision, dataset.latest().revision) == (None, edit.revision)


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf"), {1, 2}, [object()]])
def test_what_no_cell_can_be_is_refused_before_it_is_sent(animals: Path, value: Any) -> None:
    dataset = veneer.dataset("animals")
    with pytest.raises(veneer.InvalidError, match="is no value of a cell"), dataset.edit("odd") as edit:
        edit.set(KEYS[0], label=value)
    with pytest.raises(veneer.InvalidError, match="is no value of a cell"):
        dataset.sql("SELECT $1", value)
    assert dataset.sql("SELECT $1 + 1 AS n", np.int64(1)).to_pylist() == [{"n": 2}]


def test_a_folder_is_a_path_however_it_is_said(
    mounted: str, served: Service, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert veneer.dataset(Path("mnt")).top == str(home / "mnt")
    # What a loader names in a relative folder is a sample of a dataset that was not opened by it, too.
    assert veneer.dataset("animals").places([("mnt/dog/00.png", 2)]).tolist() == [40]
    with pytest.raises(veneer.InvalidError, match="no URL of a service"):
        veneer.dataset("animals", store="http://gpu1:port")


def test_a_draft_that_somebody_began_is_not_committed_along(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    programs.run(["rm", "animals", "cat/05.png"])
    with pytest.raises(veneer.ConflictError, match="has changes already") as error, dataset.edit("labels") as edit:
        edit.set(KEYS[0], label="dog")
    assert isinstance(error.value, RuntimeError)
    programs.run(["discard", "animals"])
    with dataset.edit("labels") as edit:
        edit.set(KEYS[0], label="dog")
    assert len(dataset.diff("main~1", "main").rows) == 1


def test_an_edit_stands_on_what_others_committed_meanwhile(served: Service, animals: Path) -> None:
    early = veneer.dataset("animals")
    with veneer.dataset("animals").edit("first") as edit:
        edit.set(KEYS[0], label="dog")
    with early.edit("second") as edit:
        edit.set(KEYS[1], label="cow")
    assert [entry["message"] for entry in early.log(2)] == ["second", "first"]


def test_rows_with_one_new_cell_are_one_edit_and_later_ones_win(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    with dataset.edit("many") as edit:
        for key in KEYS[:40]:
            edit.set(key, label="dog")
        for key in KEYS[:20]:
            edit.set(key, label="cow")
        assert len(edit._edits) == 1 and len(edit._sets) == 1
    assert [row["label"] for row in dataset.table(columns=["label"]).to_pylist()] == ["cow"] * 20 + ["dog"] * 40


def test_other_edits_of_rows_classes_and_files(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    with dataset.edit("all kinds") as edit:
        edit.put("notes.csv", b"id,text\n1,one\n2,two\n")
    with dataset.edit("more") as edit:
        edit.insert(table="notes", id=3, text="three")
        edit.delete(0, table="notes")
        edit.set_where("id = 2", table="notes", text="zwei")
        edit.rename_class("cow", "ox")
        edit.rename("cat/00.png", "cat/zero.png")
        edit.remove("cat/01.png")
    assert dataset.table("notes", columns=["id", "text"]).select(["id", "text"]).to_pylist() == [
        {"id": 2, "text": "zwei"},
        {"id": 3, "text": "three"},
    ]
    assert "ox" in set(dataset.labels()) and "cow" not in set(dataset.labels())
    assert {one["path"] for one in dataset.diff().files} >= {"cat/zero.png", "cat/01.png"}


def test_pandas_gets_the_rows_with_a_run_beside_them(served: Service, animals: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed here")
    with veneer.start_run("beside", data="animals") as run:
        for epoch in range(2):
            run.log(epoch=epoch, sample=KEYS, loss=np.arange(60.0) + epoch)
    frame = veneer.dataset("animals").to_pandas(run="beside")
    assert frame.index.tolist() == KEYS and frame.loc["cat/03.png", "beside.loss"] == 4.0
    first = veneer.dataset("animals").to_pandas(run="beside", epoch=0, columns=["label", "beside.loss"])
    assert first.loc["cat/03.png", "beside.loss"] == 3.0
    assert [one["name"] for one in veneer.dataset("animals").runs()] == ["beside"]


def test_a_difference_is_shown_and_counted(served: Service, animals: Path) -> None:
    dataset = veneer.dataset("animals")
    with dataset.edit("<i>") as edit:
        edit.set(KEYS[0], label="dog")
    found = dataset.diff("main~1", "main")
    assert len(found) == 1 and found and not dataset.diff("main", "main")
    assert found.summary["per_class"][0]["count"] == 1
    assert found.to_arrow().to_pylist()[0]["after"] == '"dog"'
    assert "main~1" in found._repr_html_() and "dog" in found._repr_html_()


def test_a_mount_lasts_as_long_as_its_block(animals: Path, home: Path) -> None:
    with mount_or_skip("animals", None) as made:
        assert sorted(os.listdir(made)) == sorted(CLASSES)
        assert (made.info.dataset, made.info.reference, made.info.mode) == ("animals", "main", "follow")
        inner = veneer.dataset(os.path.join(made.path, "cat"))
        assert (inner.top, inner.name) == (made.path, "animals")
    assert not os.path.exists(made.path)
    with pytest.raises(ZeroDivisionError), veneer.mount("animals", home / "kept") as made:
        _ = 1 / 0
    assert os.listdir(home / "kept") == []
    made.unmount()
    with veneer.mount("animals", home / "kept", writable=True) as made:
        Path(made, "cat/new.txt").write_text("written")
        assert made.info.mode == "write"
        with veneer.start_run("draft", data=made.path) as run:
            run.log(sample=["cat/00.png"], loss=[1])
        assert run.revision == veneer.dataset("animals").revision
    assert "cat/new.txt" in programs.run(["status", "animals"])
    with pytest.raises(veneer.VeneerError, match="nothing"):
        veneer.mount("nothing", home / "kept")


def test_a_mount_without_its_service_is_read_all_the_same(animals: Path, home: Path, monkeypatch: Any) -> None:
    with mount_or_skip("animals", home / "mnt") as made:
        dataset = veneer.dataset(made.path)
        monkeypatch.setenv("VENEER_BIN", str(home / "no programs here"))
        assert dataset.keys() == KEYS
        assert dataset.path("cat/00.png") == Path(made, "cat/00.png")
        with veneer.start_run("alone", data=made.path) as run:
            run.log(sample=[os.path.join(made.path, "cat/00.png")], predicted=[2])
            with pytest.raises(veneer.NotFoundError, match="the program `veneer-server` is not in"):
                dataset.tables()
        assert len(list(run.folder.glob("*.arrow"))) == 1
        monkeypatch.undo()


def test_of_a_dataset_without_tables_any_path_is_a_sample(
    home: Path, served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "plain").mkdir()
    (home / "plain/a.bin").write_bytes(b"a")
    programs.run(["import", "plain", str(home / "plain")])
    with mount_or_skip("plain", home / "mnt") as made:
        served.stop()
        with veneer.start_run("plain", data=made.path) as run:
            run.log(sample=[os.path.join(made.path, "a.bin"), "b.bin"], predicted=[1, 2])
        served.start()
        with veneer.start_run("again", data=made.path) as run:
            run.log(sample=[os.path.join(made.path, "a.bin")], loss=[1])
    assert [(row["sample"], row["predicted"]) for row in served.rows("plain")] == [("a.bin", 1), ("b.bin", 2)]
    told = served.run("again")
    assert (told["dataset"], told["table"], told["rows"]) == ("plain", None, 1)


def test_a_service_of_our_own_ends_with_the_process(animals: Path, script: Callable[..., Any]) -> None:
    process = script("""
        import os, veneer
        from veneer import service
        print(veneer.dataset("animals").keys()[0])
        print(next(iter(service._readers.values())).client.place, flush=True)
        os.kill(os.getpid(), 9)
    """)
    out, _ = process.communicate(timeout=60)
    key, url = out.split()
    assert key == KEYS[0]

    def is_gone() -> bool:
        try:
            Client(url, timeout=1).get("/healthz")
        except veneer.ServiceError:
            return True
        return False

    until(is_gone, "the service has ended")


def test_nobody_else_may_ask_a_service_of_our_own(animals: Path) -> None:
    place = service.client(veneer.dataset("animals").store).place
    with pytest.raises(veneer.ForbiddenError):
        Client(place).get("/v1/datasets")


def test_what_is_not_there_is_told(animals: Path, home: Path) -> None:
    with pytest.raises(veneer.NotFoundError, match="nothing"):
        veneer.dataset("nothing")
    with pytest.raises(veneer.InvalidError, match="neither a mount nor an address"):
        veneer.dataset("/no/such/folder")
    with pytest.raises(veneer.ServiceError, match="there is no store"):
        veneer.dataset("animals", store=home / "none")
    with pytest.raises(veneer.ServiceError, match="does not answer"):
        veneer.dataset("animals", store="http://127.0.0.1:1")
    with pytest.raises(veneer.InvalidError, match="no URL of a service"):
        veneer.dataset("animals", store="ftp://127.0.0.1")
