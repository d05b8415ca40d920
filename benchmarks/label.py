"""What people wait for at `askwell label`, and whether `kill -9` loses an answer.

`python benchmarks/label.py load`: 50 simulated people, two labels a second each, for a minute, on 10,000 rows of 50
numbers. `page`: from a key to the next item in Chromium. `kills --count 1000`: the server is killed at random moments
under the same load; then every answer that it acknowledged must be in the database, and none twice.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import httpx2 as httpx
import numpy as np

ROWS, COLUMNS, CLASSES, PEOPLE, RATE = 10_000, 50, 5, 50, 2.0
POLL = 0.3
"""Seconds after which the page asks again for a batch that is not ready."""

PORT = 8765
URL = f"http://127.0.0.1:{PORT}"


PART = 100
"""Kills of one database."""


def write_pool(folder: Path) -> Path:
    """Five clusters, which make a classifier neither trivial nor hopeless."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, ROWS)
    x = rng.normal(size=(CLASSES, COLUMNS))[y] + 2 * rng.normal(size=(ROWS, COLUMNS))
    np.save(folder / "pool.npy", x.astype(np.float32))
    return folder / "pool.npy"


def start(pool: Path, db: Path) -> subprocess.Popen:
    """The server, once it listens."""
    command = [Path(sys.executable).with_name("askwell"), "label", pool, "--db", db, "--port", str(PORT)]
    command += ["--classes", ",".join(map(str, range(CLASSES)))]
    server = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline().startswith("Label at"), "the server did not start"
    return server


class Person:
    """Somebody who labels: a batch, an answer, the next one; what is not acknowledged is sent again."""

    def __init__(self, name: str, client: httpx.AsyncClient, pause: float):
        self.name, self.client, self.pause = name, client, pause
        self.saved: dict[str, str] = {}
        self.took: list[float] = []
        self.batches = self.waits = 0
        self._draw = random.Random(name)

    async def work(self, until: asyncio.Event) -> None:
        """Label until it is over or nothing is left."""
        waited = False
        while not until.is_set():
            found = await self._asked()
            items = [item for item in found.get("items", ()) if item["id"] not in self.saved]
            if not items:
                self.waits += not waited  # a batch that is waited for counts once
                waited = True
                if found.get("nothing"):
                    return
                await asyncio.sleep(POLL)
                continue
            self.batches, waited = self.batches + 1, False
            for item in items[
                : max(1, len(items) - 3)
            ]:  # as the page does: the next batch comes before the last three
                if until.is_set():
                    return
                await asyncio.sleep(self._draw.expovariate(1 / self.pause))
                await self._answer(item["id"], until)

    async def _asked(self) -> dict:
        try:
            return (await self.client.get(f"{URL}/api/batch", params={"annotator": self.name})).json()
        except httpx.HTTPError:
            return {}

    async def _answer(self, id: str, until: asyncio.Event) -> None:
        label = str(self._draw.randrange(CLASSES))
        body = {"label": label, "annotator": self.name, "seconds": 0.5}
        while not until.is_set():
            began = time.perf_counter()
            try:
                answer = await self.client.put(f"{URL}/api/labels/{quote(id)}", json=body)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            self.took.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            self.saved[id] = label
            return


async def crowd(seconds: float | None, until: asyncio.Event, people: list[Person]) -> list[Person]:
    """The people at work, who are put into the list, for so many seconds or until it is over."""
    limits = httpx.Limits(max_connections=2 * PEOPLE)
    async with httpx.AsyncClient(timeout=10, limits=limits) as client:
        people += [Person(f"person {i}", client, 1 / RATE) for i in range(PEOPLE)]
        work = asyncio.gather(*(person.work(until) for person in people))
        if seconds is not None:
            await asyncio.sleep(seconds)
            until.set()
        await work
    return people


def memory(pid: int) -> float:
    """Most MiB that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def load(folder: Path, seconds: float) -> None:
    """50 people for a minute."""
    server = start(write_pool(folder), folder / "load.sqlite")
    try:
        people = asyncio.run(crowd(seconds, asyncio.Event(), []))
        most = memory(server.pid)
    finally:
        server.kill()
    took = sorted(one for person in people for one in person.took)
    batches, waits = sum(p.batches for p in people), sum(p.waits for p in people)
    p50, p99 = (1000 * took[int(share * len(took))] for share in (0.5, 0.99))
    print(
        f"| answers | a second | median, ms | p99, ms | batches | waited for | memory, MiB |\n|{' --- |' * 7}"
    )
    print(
        f"| {len(took)} | {len(took) / seconds:.0f} | {p50:.1f} | {p99:.1f} | {batches} | {waits} "
        f"({waits / batches:.1%}) | {most:.0f} |"
    )


def kills(folder: Path, count: int, seed: int) -> None:
    """Kill and restart under load, and look at what is left."""
    pool, draw = write_pool(folder), random.Random(seed)
    killed = acknowledged = lost = twice = part = 0
    while killed < count:
        part += 1
        db = folder / f"kills-{part}.sqlite"
        done = asyncio.run(_killed(pool, db, min(PART, count - killed), draw))
        killed += done[0]
        with sqlite3.connect(db) as file:
            kept = file.execute(
                "SELECT annotator, id, group_concat(label, '|'), count(*) FROM events WHERE does = 'tell' GROUP BY 1, 2"
            ).fetchall()
        labels = {(name, id): label for name, id, label, _ in kept}
        twice += sum(number > 1 for *_, number in kept)
        for person in done[1]:
            acknowledged += len(person.saved)
            lost += sum(labels.get((person.name, id)) != label for id, label in person.saved.items())
        print(f"{killed} kills, {acknowledged} answers acknowledged, {lost} lost, {twice} twice", flush=True)
    if lost or twice:
        sys.exit(1)


async def _killed(pool: Path, db: Path, most: int, draw: random.Random) -> tuple[int, list[Person]]:
    """So many kills, fewer if the pool is used up: how many, and who answered what."""
    until, killed, people = asyncio.Event(), 0, []
    server = await asyncio.to_thread(start, pool, db)
    work = asyncio.create_task(crowd(None, until, people))

    def answers() -> int:
        return sum(len(person.saved) for person in people)

    while killed < most and not work.done():
        # One in four dies while it starts, the others at a random moment after answers have come again.
        before, began = answers(), time.monotonic()
        while killed % 4 and answers() == before and time.monotonic() - began < 20:
            await asyncio.sleep(0.02)
        await asyncio.sleep(draw.uniform(0.0, 1.5))
        server.kill()
        server.wait()
        killed += 1
        server = await asyncio.to_thread(start, pool, db)
    await asyncio.sleep(2)  # what was not acknowledged yet is sent again
    until.set()
    await work
    server.kill()
    server.wait()
    return killed, people


def page(folder: Path, count: int) -> None:
    """From a key to the next item, in a browser."""
    from playwright import sync_api

    server = start(write_pool(folder), folder / "page.sqlite")
    try:
        with sync_api.sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox"])
            seen = browser.new_page()
            seen.goto(URL)
            seen.fill("#me", "anna")
            seen.keyboard.press("Enter")
            sync_api.expect(seen.locator("#why")).to_contain_text("Row ", timeout=30_000)
            # Measured in the page: the key, the change of the item, and the frame in which it is drawn.
            took = [
                seen.evaluate(
                    """() => new Promise((done) => {
                      const why = document.getElementById("why");
                      const began = performance.now();
                      new MutationObserver((_, observer) => {
                        if (!why.textContent.startsWith("Row ")) return;
                        observer.disconnect();
                        requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
                      }).observe(why, { childList: true });
                      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
                    })"""
                )
                for _ in range(count)
                if seen.wait_for_timeout(100) is None
            ]
            browser.close()
    finally:
        server.kill()
    print(f"{count} keys: median {statistics.median(took):.1f} ms, most {max(took):.1f} ms")


def main() -> None:
    """Run one of the three."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=("load", "page", "kills"))
    options.add_argument("--count", type=int, default=200, help="keys, or kills")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "load":
            load(Path(folder), given.seconds)
        elif given.what == "page":
            page(Path(folder), given.count)
        else:
            kills(Path(folder), given.count, given.seed)


if __name__ == "__main__":
    main()
