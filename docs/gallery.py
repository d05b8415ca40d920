"""The gallery: where strategies ask on four small tasks. `make gallery` writes docs/gallery/ and docs/gallery.md.

Two-dimensional tasks show the learner's regions, and darker where it is unsure.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image
from sklearn.datasets import make_moons

from askwell import compare
from askwell.plots import save
from askwell.report import open_run

HOME = Path(__file__).parent
N = 600
STRATEGIES = ("learned", "margin", "random", "oracle")


def two_moons(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two crescents that almost touch."""
    x, y = make_moons(N, noise=0.18, random_state=int(rng.integers(1000)))
    return np.asarray(x), np.asarray(y)


def checkerboard(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three by three fields of two colours: a straight boundary cannot separate them."""
    x = rng.uniform(0, 3, (N, 2))
    return x, np.floor(x).astype(int).sum(axis=1) % 2


def near_duplicates(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four blobs. A third of the pool are copies of a few points between the blobs, where a learner is uncertain."""
    centres = np.array([[0, 0], [3, 0], [0, 3], [3, 3]])
    y = rng.integers(4, size=N)
    x = centres[y] + rng.normal(0, 0.75, (N, 2))
    unsure = np.argsort(np.abs(x - 1.5).min(axis=1))[:8]
    copies = rng.choice(unsure, N // 3)
    x[: N // 3] = x[copies] + rng.normal(0, 0.02, (N // 3, 2))
    y[: N // 3] = y[copies]
    return x, y


WORLDS = {"two-moons": two_moons, "checkerboard": checkerboard, "near-duplicates": near_duplicates}


def shrink(path: Path) -> None:
    """256 colours are enough, and a quarter of the bytes."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main() -> None:
    """Play, draw, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--strategies", default=",".join(STRATEGIES))
    options.add_argument("--splits", type=int, default=10)
    options.add_argument("--out", type=Path, default=HOME)
    given = options.parse_args()
    strategies = given.strategies.split(",")
    page = [
        "# Gallery",
        "",
        "`make gallery` makes this page. Every caption is computed from the games that were played.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name in [*WORLDS, "digits"]:
            source = name
            if name in WORLDS:
                x, y = WORLDS[name](np.random.default_rng(0))
                source = str(Path(folder) / f"{name}.csv")
                pl.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "label": y}).write_csv(source)
            learner = "logistic" if name == "digits" else "mlp"
            run = Path(folder) / f"run-{name}"
            result = compare(
                source, strategies=strategies, learners=learner, rounds=6, splits=given.splits, out=run
            )
            replay = open_run(run).source("replay", strategies=strategies)
            page += [f"## {name}", ""]
            if name in WORLDS:
                page += [str(WORLDS[name].__doc__).split(". `")[0], ""]
            for suffix in ("png", "gif"):
                said = save("where", replay, given.out / "gallery" / f"{name}.{suffix}")
            shrink(given.out / "gallery" / f"{name}.png")
            page += [f"![Where the strategies ask on {name}](gallery/{name}.gif)", "", said, ""]
            page += [*(f"- {v.said}" for v in result.verdicts()), ""]
    (given.out / "gallery.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
