"""The sentence encoder: what it gives, that it stands beside TF-IDF, and that it goes wherever an encoder goes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import askwell
from askwell.cli import main
from askwell.core import AskwellError
from askwell.data import rows_of, sentences
from askwell.encoders import SENTENCES, encode_rows, with_sentences
from askwell.encoders.candidates import CANDIDATES, NONE
from askwell.encoders.domain import Domain, load_domain, save_domain

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_texts_of_one_meaning_are_near_each_other():
    texts = ["The cat sat on the mat.", "A kitten is sitting on a rug.", "Interest rates were cut again."]
    found = sentences.embed(texts)
    assert found.shape == (3, sentences.WIDTH)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert found[0] @ found[1] > max(found[0] @ found[2], found[1] @ found[2]) + 0.2
    assert not sentences.embed(["", "  "]).any()
    np.testing.assert_array_equal(sentences.embed(texts[::-1]), found[::-1])


def test_other_packages_stay_quiet():
    code = "import logging; from askwell.data import sentences; sentences.embed(['a']); logging.info('talk')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout + ran.stderr == ""


@pytest.fixture(scope="module")
def rows():
    frame = pd.read_json(EXAMPLES / "emails.jsonl", lines=True).head(200)
    labels = pd.read_csv(EXAMPLES / "emails-labels.csv").set_index("id")["label"]
    return rows_of("mail", frame.assign(label=labels.loc[frame["id"]].tolist()), label="label", id="id")


def test_it_stands_beside_tf_idf_with_the_same_variance(rows):
    encoder, x = encode_rows(rows, 400, SENTENCES)
    plain = encode_rows(rows, 400)[1]
    topics = encoder.blocks_.named_transformers_["text 0"].transform(rows.features[["text"]])
    shares = topics[:, : -sentences.WIDTH].var(axis=0).sum(), topics[:, -sentences.WIDTH :].var(axis=0).sum()
    assert shares[0] == pytest.approx(shares[1], rel=1e-4)
    assert not np.allclose(np.cov(x), np.cov(plain), atol=0.1)
    np.testing.assert_allclose(encoder.transform(rows.features), x, atol=1e-4)


def test_a_domain_keeps_it(rows, tmp_path):
    name = next(name for name in CANDIDATES if name != NONE)
    domain = Domain(name, with_sentences(rows), 64, "mail")
    save_domain(domain, {"encoder": name, "history": "mail"}, tmp_path)
    again = load_domain(tmp_path)
    assert again is not None
    encoded = [one.encoder(rows).encode(rows) for one in (domain, again, domain._replace(history=rows))]
    np.testing.assert_allclose(encoded[0], encoded[1], atol=1e-5)
    assert not np.allclose(encoded[0], encoded[2], atol=0.1)


def test_a_session_takes_it_up_again(tmp_path):
    session = askwell.Session(["so it is " * 9, "no more of it " * 9, *(f"{i} and so on " * 9 for i in range(20))],
                              encoder=SENTENCES)  # fmt: skip
    session.save(tmp_path / "session.json")
    again = askwell.Session.load(tmp_path / "session.json", session.rows.features["text"].tolist())
    np.testing.assert_array_equal(session.standing.x, again.standing.x)


def test_what_has_no_prose_is_refused():
    with pytest.raises(AskwellError, match="pool has no column of prose"):
        askwell.Session(pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]}), encoder=SENTENCES)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "wordllama", None)
    sentences._model.cache_clear()
    with pytest.raises(AskwellError, match=r"pip install 'askwell\[sentences\]'"):
        sentences.embed(["a text that nobody has embedded yet"])
    sentences._model.cache_clear()


def test_a_history_knows_no_other_encoder(monkeypatch, tmp_path, capsys):
    command = [
        "train",
        "--history",
        EXAMPLES / "emails.jsonl",
        "--encoder",
        "words",
        "--out",
        tmp_path / "domain",
    ]
    monkeypatch.setattr(sys, "argv", ["askwell", *map(str, command)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--encoder is 'words'; with --history give 'sentences'" in capsys.readouterr().err
