"""How many answers about half-spaces equal one label? Homogeneous separators on Gaussian data, d = 2 to 32.

    python studies/half_spaces.py --out runs/half-spaces.json && python docs/half_spaces.py

A separator is a direction w, and its error is its angle to the true one over pi. An answer about the half-space with
normal u says which class rules beyond it, which is the sign of u·w. The learner knows no more than the version space
(all directions that agree with the answers): it takes the mean of points drawn from it by hit-and-run (Lovász 1999).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from askwell.core import write_whole

DIMENSIONS = (2, 4, 8, 16, 32)
REPEATS, POOL = 12, 1000
POINTS = 128
"""Points that stand for a version space."""


def moves(d: int) -> int:
    """Hit-and-run moves of each point after an answer: with 6 of them in 32 dimensions, bisection lost its rate."""
    return max(6, 3 * d // 4)


ANSWERS = {
    "random labels": 300,
    "margin labels": 160,
    "random cuts": 160,
    "bisection": 160,
    "bisection, counted": 160,
    "shares": 160,
}
"""By method, the most answers that are bought."""

FINEST = 1e-6
"""An episode ends when its version space is so narrow, in radians: closer, rounding decides."""


def unit(x: np.ndarray) -> np.ndarray:
    """Vectors along the last axis, of length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def width(points: np.ndarray) -> np.ndarray:
    """How far the points of each version space are from their middle, in radians, ``[r]``."""
    return np.linalg.norm(unit(points) - unit(points.mean(axis=1, keepdims=True)), axis=2).mean(axis=1)


def narrowed(rng: np.random.Generator, points: np.ndarray, told: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Points ``[r, k, d]`` of the version spaces, uniform in their part of the unit ball, after one more answer.

    `told` has an answer times its normal in each row, ``[r, m, d]``: a direction agrees where ``told · w > 0``. Points
    that do not agree are replaced by others that do; if none does, by the `truth`, ``[r, d]``, as the way starts only.
    """
    spread = points - points.mean(axis=1, keepdims=True)
    last = np.einsum("rkd,rd->rk", points, told[:, -1]) > 0
    chosen = np.stack([rng.choice(POINTS, POINTS, p=p / p.sum()) for p in last + 1e-300])
    chosen = np.where(last, np.arange(POINTS), chosen)
    points = np.take_along_axis(points, chosen[:, :, None], axis=1)
    points = np.where(last.any(axis=1)[:, None, None], points, 0.5 * truth[:, None])
    height = points @ told.transpose(0, 2, 1)
    for _ in range(moves(points.shape[2])):
        way = rng.normal(size=(*points.shape[:2], POINTS)) @ spread
        rise = way @ told.transpose(0, 2, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            meets = -height / rise
        low = np.max(np.where(rise > 0, meets, -np.inf), axis=2)
        high = np.min(np.where(rise < 0, meets, np.inf), axis=2)
        a, b, c = (way**2).sum(2), (points * way).sum(2), (points**2).sum(2) - 1  # the unit ball
        root = np.sqrt(np.maximum(b * b - a * c, 0.0))
        low, high = np.maximum(low, (-b - root) / a), np.minimum(high, (-b + root) / a)
        step = rng.uniform(size=low.shape) * np.maximum(high - low, 0.0) + low
        points, height = points + step[..., None] * way, height + step[..., None] * rise
    return points


def normals(rng, method: str, points: np.ndarray, pool: np.ndarray, free: np.ndarray) -> np.ndarray:
    """What is asked next, ``[r, d]``: a row of the pool for labels, the normal of a half-space else."""
    centre, every = unit(points.mean(axis=1)), np.arange(len(points))
    if method == "margin labels":
        far = np.abs(np.einsum("rnd,rd->rn", unit(pool), centre))
        row = np.where(free, far, np.inf).argmin(axis=1)
        free[every, row] = False
        return pool[every, row]
    if method.startswith("bisection"):  # through the middle, across the longest axis
        away = points - (points @ centre[:, :, None]) * centre[:, None]
        return np.linalg.svd(away, full_matrices=False)[2][:, 0]
    return rng.normal(size=centre.shape)


def played(method: str, d: int) -> list[list[float]]:
    """The error after each answer, in each repeat, ``[m, r]``."""
    rng = np.random.default_rng([d, list(ANSWERS).index(method)])
    truth = unit(rng.normal(size=(REPEATS, d)))
    pool, free = rng.normal(size=(REPEATS, POOL, d)), np.ones((REPEATS, POOL), bool)
    side = np.sign(np.einsum("rnd,rd->rn", pool, truth))
    points = unit(rng.normal(size=(REPEATS, POINTS, d))) * rng.uniform(size=(REPEATS, POINTS, 1)) ** (1 / d)
    asked, shares, errors = np.zeros((REPEATS, 0, d)), np.zeros((REPEATS, 0)), []
    while len(errors) < ANSWERS[method] and width(points).min() > FINEST:
        normal = unit(normals(rng, method, points, pool, free))
        beyond = np.einsum("rnd,rd->rn", pool, normal) > 0
        share = (beyond & (side > 0)).sum(axis=1) / beyond.sum(axis=1)
        if method == "shares":  # a share is an angle: sin(pi (share - 1/2)) = u·w
            asked = np.concatenate([asked, normal[:, None]], axis=1)
            shares = np.concatenate([shares, np.sin(np.pi * (share - 0.5))[:, None]], axis=1)
            found = np.stack(
                [np.linalg.lstsq(u, s, rcond=0.05)[0] for u, s in zip(asked, shares, strict=True)]
            )
        else:
            exact = np.sign(np.einsum("rd,rd->r", normal, truth))
            sign = np.where(share > 0.5, 1.0, -1.0) if method.endswith("counted") else exact
            asked = np.concatenate([asked, sign[:, None, None] * normal[:, None]], axis=1)
            points = narrowed(rng, points, asked, truth)
            found = points.mean(axis=1)
        cosine = np.einsum("rd,rd->r", unit(found), truth)
        sine = np.linalg.norm(unit(found) - cosine[:, None] * truth, axis=1)
        errors.append(np.arctan2(sine, cosine) / np.pi)
    return [[float(f"{error:.3g}") for error in row] for row in errors]


def main() -> None:
    """Play all and write it."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--out", type=Path, required=True)
    out = options.parse_args().out
    rows = [{"d": d, "method": method, "errors": played(method, d)} for d in DIMENSIONS for method in ANSWERS]
    write_whole(out, json.dumps(rows).encode())


if __name__ == "__main__":
    main()
