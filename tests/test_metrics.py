"""One metric or another: from the scores to statistics, tables, figures, sentences."""

import json
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

import askwell
from askwell import stats
from askwell.asking.defaults import DEFAULTS
from askwell.comparison import Result, Spec
from askwell.comparison.play import majority
from askwell.core import ACCURACY, MAJORITY, METRICS, SCHEMA, AskwellError
from askwell.core.record import completed
from askwell.games import score
from askwell.plots import FIGURES, captioned, files, learning_curves, taken
from askwell.report import words

LEVEL = {"accuracy": 0.8, "balanced-accuracy": 0.5, "macro-f1": 0.44, "log-loss": 0.5}
LOWER = ("log-loss",)


def records(table, metric, datasets=("d",), level=LEVEL, splits=6):
    """Three rounds of 10: ``{strategy: value}`` of one metric; the others are such that they say the opposite."""
    rng = np.random.default_rng(0)
    rows = []
    for dataset in datasets:
        for split in range(splits):
            shift = 0.02 * np.linspace(-1, 1, splits)[split]
            for name, value in table.items():
                noise = rng.normal(0, 0.001)
                for r in (1, 2, 3):
                    other = {m.column: 0.5 - 0.1 * value for m in METRICS.values()}
                    one = value + shift + noise + 0.01 * (r - 2)
                    rows.append(
                        {"dataset": dataset, "strategy": name, "learner": "logistic", "batch": 10}
                        | {"split": split, "round": r, "labels": 10 * r, "seconds": 0.1, "budget": 30}
                        | {"picks": ["x"] * 10, **other, METRICS[metric].column: one}
                        | {"majority": "No", **{MAJORITY[m]: level[m] for m in METRICS}}
                    )
    return pl.DataFrame(rows, schema=SCHEMA)


def table(metric, **gains):
    """Values around the majority's level: `gains` is how much better than .6 (or than .9 nats) each is."""
    base, sign = (0.9, -1) if metric in LOWER else (0.6, 1)
    return {name: base + sign * gain for name, gain in gains.items()}


@pytest.mark.parametrize("y", [[0, 0, 0, 1], [0, 0, 1, 1, 3], [2, 2, 2], [0, 1, 2, 0, 1, 2]])
def test_majority_is_the_score_of_a_learner_that_knows_the_shares(y):
    truth = np.array(y)
    shares = np.bincount(truth, minlength=4) / len(truth)
    log_proba = np.log(np.maximum(shares, 1e-30)) * np.ones((len(truth), 1))
    own = score(jnp.asarray(log_proba), jnp.asarray(truth))
    found = majority(truth, ("a", "b", "c", "d"))
    assert found["majority"] == "abcd"[int(np.argmax(shares))]
    for name, column in MAJORITY.items():
        assert found[column] == pytest.approx(float(getattr(own, METRICS[name].column)), abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_better_is_better_in_every_metric(metric):
    found = records(table(metric, random=0.0, good=0.05, bad=-0.05, same=0.0, oracle=0.1), metric)
    said = {v.strategy: v for v in stats.verdicts(found, "random", metric=metric)}
    words_of = {name: verdict.verdict for name, verdict in said.items()}
    assert words_of == {"good": "better", "bad": "worse", "same": "equivalent", "oracle": "better"}
    sign = METRICS[metric].sign
    assert said["good"].difference == pytest.approx(0.05 * sign, abs=0.003)
    assert said["good"].delta == METRICS[metric].delta
    summary = stats.summarise(found, metric)
    closed = dict(summary.select("strategy", "gap_closed").rows())
    assert closed["good"] == pytest.approx(0.5, abs=0.05)
    value = dict(summary.select("strategy", "aulc").rows())
    final = dict(summary.select("strategy", "final").rows())
    assert final["good"] == pytest.approx(value["good"] + 0.01)
    savings = words.savings(found, "random", metric)
    enough = dict(savings.select("strategy", "enough").rows())
    last = 10 if metric in LOWER else 30  # each curve falls or rises by .01 a round
    assert (enough["good"], enough["bad"], enough["random"]) == (10, None, last)


@pytest.mark.parametrize("metric", METRICS)
def test_ranks_and_probabilities_follow_the_metric(metric):
    names = [f"d{i}" for i in range(8)]
    found = records(table(metric, random=0.0, good=0.05, bad=-0.05), metric, names)
    ranks = stats.ranks(found, metric)
    assert list(ranks.mean) == ["good", "random", "bad"]
    good, bad = stats.verdicts(found, "random", metric=metric)
    assert good.p_better > 0.9
    assert bad.p_worse > 0.9


def test_a_sentence_names_a_metric_that_is_not_accuracy():
    said = {
        m: stats.verdicts(records(table(m, random=0.0, good=0.3), m), "random", metric=m)[0] for m in METRICS
    }
    assert said["accuracy"].said == "good is better than random by 0.300 [0.299, 0.301]"
    assert said["balanced-accuracy"].said.endswith("0.301] in balanced accuracy")
    assert said["log-loss"].said == "good is better than random by 0.300 [0.299, 0.301] in log-loss, but no better " \
        "than always predicting the classes' shares (0.5000)"  # fmt: skip


def test_the_majority_class_is_pointed_out_where_it_matters():
    found = records(table(ACCURACY, random=0.0, good=0.1), ACCURACY)  # .6 and .7, and always No is .8
    (verdict,) = stats.verdicts(found, "random")
    assert verdict.said.endswith(", but no better than always saying No (0.8000)")
    assert verdict.below == ("d",)
    assert stats.majority_sentences(found) == [
        "On d no strategy is better than always saying No (0.8000) in AULC, not even after the last round."
    ]
    late = records(table(ACCURACY, random=0.0, good=0.195), ACCURACY)
    assert stats.majority_sentences(late) == [
        "On d no strategy is better than always saying No (0.8000) in AULC, but good is after the last round."
    ]
    some = records(table(ACCURACY, random=0.0, good=0.3), ACCURACY)
    (verdict,) = stats.verdicts(some, "random")
    assert verdict.said.endswith("[0.299, 0.301]")
    assert stats.majority_sentences(some) == [
        "On d random is no better than always saying No (0.8000) in AULC."
    ]
    assert stats.majority_sentences(records(table(ACCURACY, random=0.3, good=0.3), ACCURACY)) == []


def test_many_datasets_below_the_majority_are_counted():
    found = records(table(ACCURACY, random=0.0, good=0.1), ACCURACY, [f"d{i}" for i in range(7)])
    (verdict,) = stats.verdicts(found, "random")
    assert verdict.said.endswith(", but on 7 of 7 datasets no better than the majority class")
    said = stats.majority_sentences(found)
    assert len(said) == 5
    assert said[-1].startswith("On 3 more datasets")


def test_a_ceiling_alone_above_the_majority_is_no_comfort():
    found = records(table(ACCURACY, random=0.0, oracle=0.3), ACCURACY)
    assert "no strategy is better" in stats.majority_sentences(found)[0]


@pytest.mark.parametrize("metric", METRICS)
def test_the_table_shows_the_majority_where_it_matters(metric):
    spec = Spec.make(datasets=["d"], strategies=["random", "good"], metric=metric)
    console = _printed(Result(spec, records(table(metric, random=0.0, good=0.1), metric)))
    assert f"AULC: mean {METRICS[metric].words}" in console
    level = {"accuracy": 0.8, "log-loss": 0.5}.get(metric)
    assert ("majority class" in console) == (level is not None)
    if level is not None:
        assert f"{level:.4f}" in console


@pytest.mark.parametrize("metric", METRICS)
def test_json_names_the_metric_and_the_majority(metric):
    spec = Spec.make(datasets=["d"], strategies=["random", "good"], metric=metric)
    said = json.loads(Result(spec, records(table(metric, random=0.0, good=0.1), metric)).json())
    assert said["metric"] == metric
    (row,) = said["majority"]
    assert row["level"] == pytest.approx(LEVEL[metric])
    base = 0.9 if metric in LOWER else 0.6
    assert said["rows"][0]["aulc"] == pytest.approx(base, abs=0.05)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", [n for n, m in FIGURES.items() if "metric" in getattr(m, "SETTINGS", ())])
def test_every_figure_of_a_metric_can_be_drawn_and_says_so(name, metric):
    found = records(table(metric, random=0.0, good=0.1, oracle=0.2), metric, [f"d{i}" for i in range(6)])
    larger = found.with_columns(batch=pl.lit(30, pl.Int32), labels=3 * pl.col("labels"), budget=pl.lit(90, pl.Int32),
                                picks=pl.concat_list(["picks"] * 3))  # fmt: skip
    if name == "batch-sizes":
        found = pl.concat([found, larger])
    settings = taken(name, {"metric": metric, "baseline": "random"})
    data = FIGURES[name].data(found, **settings)
    said = captioned(name, data, settings)
    assert said.endswith(f"The metric is {METRICS[metric].axis}.") == (metric != ACCURACY)
    assert "bad" not in said
    assert FIGURES[name].figure(found, **settings) is not None
    if name == "gap-closed":
        assert said.startswith("good closes 50% of the gap")


def test_curves_have_the_majority_line_only_where_it_matters():
    low = learning_curves.data(records(table(ACCURACY, random=0.0, good=0.3), ACCURACY))
    (panel,) = learning_curves.charts(low)
    assert [line.name for line in panel.lines] == ["good", "random", "majority class"]
    assert panel.lines[-1].y.tolist() == pytest.approx([0.8, 0.8])
    assert learning_curves.caption(low).endswith(
        "; the dashed line is what always saying the largest class gives."
    )
    high = learning_curves.data(records(table(ACCURACY, random=0.3, good=0.3), ACCURACY))
    assert [line.name for line in learning_curves.charts(high)[0].lines] == ["good", "random"]
    assert files.draw_all(learning_curves.charts(low)) is not None


def test_the_best_log_loss_is_the_lowest():
    found = learning_curves.data(records(table("log-loss", random=0.0, good=0.1), "log-loss"), "log-loss")
    assert "good is lowest (best)" in learning_curves.caption(found)
    assert learning_curves.charts(found)[0].y == "log-loss on report split (nats)"


def test_records_of_earlier_versions_have_no_macro_f1_and_no_majority():
    old = records(table(ACCURACY, random=0.0, good=0.1), ACCURACY).drop(
        "macro_f1", "majority", *MAJORITY.values()
    )
    found = completed(old)
    assert found.schema == SCHEMA
    assert stats.majority_sentences(found) == []
    assert stats.verdicts(found, "random")[0].said.endswith("[0.099, 0.101]")
    with pytest.raises(AskwellError, match=r"no macro-F1.*another --out"):
        stats.summarise(found, "macro-f1")


def test_unknown_metrics_are_refused():
    found = records(table(ACCURACY, random=0.0), ACCURACY)
    with pytest.raises(AskwellError, match=r"Unknown metric 'accurcy'\. Did you mean 'accuracy'"):
        stats.episodes(found, "accurcy")
    with pytest.raises(AskwellError, match=r"Unknown metric 'f1'.*macro-f1"):
        Spec.make(datasets=["d"], strategies=["random"], metric="f1")


def _printed(result):
    import io

    from rich.console import Console

    file = io.StringIO()
    Console(file=file, width=80).print(result.rich(80))
    return file.getvalue()


def test_the_default_strategy_is_the_one_that_the_study_chose():
    page = (Path(__file__).parents[1] / "docs" / "choose.md").read_text()
    found = dict(re.findall(r"^\| `([\w-]+)` \| `([\w-]+)` \|", page, re.MULTILINE))
    assert found == DEFAULTS
    assert set(found) == set(METRICS)


def test_a_session_takes_the_default_strategy_of_its_metric():
    X = np.random.default_rng(0).normal(size=(30, 3))
    for metric, name in DEFAULTS.items():
        assert askwell.Session(X, metric=metric).strategy.name == name
    with pytest.raises(AskwellError, match="metric 'recall'"):
        askwell.Session(X, metric="recall")
