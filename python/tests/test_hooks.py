"""What the hooks record, with the real frameworks where they are installed."""

from __future__ import annotations

import numpy as np
import pytest
from hooked import NUMBER, agree, example, features

import veneer
from conftest import CLASSES, KEYS, Service


def test_sklearn_records_epochs_out_of_sample_and_doubts_a_wrong_label(served: Service, mounted: str) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed here")
    from veneer.hooks import sklearn as hook

    given = np.array(CLASSES)[NUMBER]
    given[7] = "dog"
    with veneer.start_run("linear", data=mounted) as run:
        model = linear.SGDClassifier(loss="log_loss", random_state=1)
        fitted = hook.fit(model, features(), given, run=run, sample=KEYS, epochs=4, folds=4)
    assert fitted is model and model.score(features(), np.array(CLASSES)[NUMBER]) > 0.9
    told = served.run("linear")
    # The suspicion is of the last epoch, beside what was recorded in it.
    assert (told["epochs"], told["status"]) == (4, "finished")
    rows = {row["sample"]: row for row in served.rows("linear", epoch="3")}
    assert len(rows) == len(KEYS)
    assert max(KEYS, key=lambda key: rows[key]["suspicion"]) == KEYS[7] and rows[KEYS[7]]["is_suspect"]
    assert rows[KEYS[7]]["predicted"] == "cat" and rows[KEYS[7]]["loss"] > 1
    assert all(0 <= row["confidence"] <= 1 for row in rows.values())


def test_sklearn_records_what_is_fitted_in_one_step_and_numbers_of_classes(served: Service, mounted: str) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed here")
    from veneer.hooks import sklearn as hook

    with veneer.start_run("step", data=mounted) as run:
        hook.fit(linear.LogisticRegression(), features(), NUMBER, run=run, sample=KEYS)
        with pytest.raises(veneer.InvalidError, match="in one epoch"):
            hook.fit(linear.LogisticRegression(), features(), NUMBER, run=run, sample=KEYS, epochs=2)
        with pytest.raises(veneer.InvalidError, match="RidgeClassifier has no `predict_proba`"):
            hook.fit(linear.RidgeClassifier(), features(), NUMBER, run=run, sample=KEYS)
    rows = served.rows("step")
    assert np.mean([row["predicted"] == row["sample"].split("/")[0] for row in rows]) > 0.9
    assert "suspicion" not in rows[0]


def test_sklearn_gets_features_as_they_are(served: Service, mounted: str) -> None:
    pandas, scipy = pytest.importorskip("pandas"), pytest.importorskip("scipy.sparse")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from veneer.hooks.sklearn import fit

    labels = [key[:3] for key in KEYS]
    seen = np.eye(3)[[("cat", "cow", "dog").index(label) for label in labels]]
    frame = pandas.DataFrame(seen, columns=list("abc"), index=range(60, 0, -1))
    with veneer.start_run("features", data=mounted) as run:
        for epoch, x in enumerate((frame, scipy.csr_matrix(seen), seen.tolist())):
            model = fit(LogisticRegression(), x, labels, run=run, sample=KEYS, folds=3, epochs=1)
            assert epoch or list(model.feature_names_in_) == ["a", "b", "c"]
        fit(make_pipeline(CountVectorizer(), LogisticRegression()), labels, labels, run=run, sample=KEYS, folds=2)
    assert all(row["predicted"] == row["sample"][:3] for row in served.rows("features"))


def test_the_example_of_sklearn_works(served: Service, mounted: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed here")
    assert example("sklearn_folder.py", mounted).startswith("run mlp: accuracy ")
    told = served.run("mlp")
    assert (told["epochs"], told["status"]) == (8, "finished")
    assert {row["sample"] for row in served.rows("mlp", epoch="7")} == set(KEYS)


@pytest.mark.parametrize("framework", ["lightgbm", "xgboost"])
def test_boosted_trees_record_their_rounds(served: Service, mounted: str, framework: str) -> None:
    pytest.importorskip(framework, reason=f"{framework} is not installed here")
    assert example("boosted_table.py", framework, mounted) == f"run {framework}: 30 images\n"
    told = served.run(framework)
    assert told["status"] == "finished"
    rows = served.rows(framework)
    # Each fifth of twelve rounds, and the last; of the half that was not trained on.
    assert {row["epoch"] for row in rows} == {4, 9, 11} and {row["sample"] for row in rows} == set(KEYS[1::2])
    agree(rows)
    curves = served.client.get(f"/v1/runs/{framework}/scalars")["curves"]
    assert [len(curve["points"]) for curve in curves if curve["name"].startswith("rest/")] == [12]


def test_torch_records_a_model_over_a_loader(served: Service, mounted: str) -> None:
    pytest.importorskip("torch", reason="torch is not installed here")
    assert example("torch_folder.py", mounted) == "run torch: 60 images\n"
    told = served.run("torch")
    assert (told["epochs"], told["status"], told["rows"]) == (4, "finished", 240)
    rows = served.rows("torch", epoch="3")
    assert [row["sample"] for row in rows] == sorted(KEYS)
    agree(rows)


def test_torch_is_asked_in_evaluation_mode_and_for_named_samples(served: Service, mounted: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed here")
    from veneer.hooks.torch import Collector

    data = torch.utils.data.TensorDataset(torch.tensor(features()).float(), torch.tensor(NUMBER))
    loader = torch.utils.data.DataLoader(data, batch_size=7, shuffle=True)
    model = torch.nn.Sequential(torch.nn.Dropout(0.9), torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    # As a training has it that keeps a part as it is.
    model[2].eval()
    with veneer.start_run("dropout", data=mounted) as run:
        with pytest.raises(veneer.InvalidError, match="has 60 samples, and named are none"):
            Collector(run, model, loader)
        collector = Collector(run, model, loader, sample=KEYS)
        collector.record(0)
        collector.record(1)
        assert [part.training for part in model] == [True, True, False] and model.training
    first, second = (served.rows("dropout", epoch=epoch) for epoch in "01")
    assert [row["loss"] for row in first] == [row["loss"] for row in second] and len(first) == 60
