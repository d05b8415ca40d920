"""What a domain's encoder takes: `python benchmarks/encoder.py` (on a quiet machine).

Learns a metric from 20,000 rows of 384 numbers in 20 classes, then encodes 1,000,000 rows in it. Last, the sentence
encoder (extra `sentences`) embeds the bundled e-mails.
"""

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from askwell.data import as_matrix
from askwell.data.sentences import embed
from askwell.encoders import encode_rows
from askwell.training.domain import learn_domain

HISTORY, POOL, COLUMNS, CLASSES = 20_000, 1_000_000, 384, 20
PART = 100_000
EMAILS = Path(__file__).parents[1] / "examples" / "emails.jsonl"


def draw(rng: np.random.Generator, centres: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy clusters and their numbers."""
    y = rng.integers(CLASSES, size=rows)
    return centres[y] + 3 * rng.standard_normal((rows, COLUMNS), np.float32), y


def memory(what: str) -> float:
    """GiB of this process: VmRSS now, or VmHWM at most since the last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 2**20


def main() -> None:
    """Learn, then encode."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLASSES, COLUMNS), np.float32)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        x, y = draw(rng, centres, HISTORY)
        np.savez(home / "past.npz", x=x, y=y)
        began = time.perf_counter()
        card = learn_domain(home / "past.npz", home / "domain")
        print(
            f"learned from {HISTORY:,} x {COLUMNS} in {time.perf_counter() - began:.1f} s: {card['encoder']}"
        )
        pool = np.empty((POOL, COLUMNS), np.float32)
        for at in range(0, POOL, PART):
            pool[at : at + PART] = draw(rng, centres, PART)[0]
        Path("/proc/self/clear_refs").write_text("5")  # the most so far counts from here
        before, began = memory("VmRSS"), time.perf_counter()
        encode_rows(as_matrix("pool", pool), 64, str(home / "domain"))
        took, more = time.perf_counter() - began, memory("VmHWM") - before
        print(f"encoded {POOL:,} x {COLUMNS} in {took:.1f} s, {more:.2f} GiB more")
    texts = [json.loads(line)["text"] for line in EMAILS.read_text().splitlines()]
    embed(["the first loads the model"])
    began = time.perf_counter()
    embed(texts)
    rate, long = len(texts) / (time.perf_counter() - began), sum(map(len, texts)) / len(texts)
    print(f"embedded {rate:,.0f} e-mails a second, of {long:,.0f} characters in the mean")


if __name__ == "__main__":
    main()
