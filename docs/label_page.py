"""The pictures of docs/label.md: `python docs/label_page.py` labels 60 of the bundled e-mails in Chromium by keyboard.

It also says how long the first item took to come, and downloads model and predictions as a person would.
"""

import csv
import io
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import polars as pl
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

HOME = Path(__file__).parent
EXAMPLES = HOME.parent / "examples"
PORT = 8764
LABELS, SECONDS = 60, 1
"""How many rows are labelled, and how long each is read."""

PATIENCE = 60_000
"""Milliseconds."""


def begin(browser: Browser, width: int, height: int, scheme: str) -> Page:
    """The page on a screen of that width; what the browser draws is twice as fine."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.fill("#me", "anna")
    page.keyboard.press("Enter")
    shown(page)
    return page


def shown(page: Page) -> str:
    """The id of the row that is shown."""
    expect(page.locator("#why")).to_contain_text("Row ", timeout=PATIENCE)
    return page.inner_text("#why").split()[1].rstrip(":.")


def shoot(page: Page, name: str) -> None:
    """The page as docs/label-NAME.png, in few colours."""
    page.wait_for_timeout(500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(64, dither=Image.Dither.NONE).save(HOME / f"label-{name}.png", optimize=True)


def main() -> None:
    """Label, take pictures, download."""
    truth = dict(pl.read_csv(EXAMPLES / "emails-labels.csv").select("id", "label").iter_rows())
    askwell = Path(sys.executable).with_name("askwell")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pool = shutil.copy(EXAMPLES / "emails.jsonl", folder)
        command = [askwell, "label", pool, "--db", f"{folder}/db.sqlite", "--port", PORT]
        began = time.perf_counter()
        server = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith("Label at")
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox"])
            page = begin(browser, 1440, 900, "light")
            print(f"The first item came {time.perf_counter() - began:.1f} s after the command.")
            keys: dict[str, str] = {}
            began, waited = time.perf_counter(), 0.0
            for _ in range(LABELS):
                asked = time.perf_counter()
                row = shown(page)
                waited = max(waited, time.perf_counter() - asked)
                if truth[row] in keys:
                    page.keyboard.press(keys[truth[row]])
                else:  # the first of its class: typed
                    keys[truth[row]] = str(len(keys) + 1)
                    page.keyboard.press("+")
                    page.keyboard.type(truth[row])
                    page.keyboard.press("Enter")
                page.wait_for_timeout(SECONDS * 1000)
            took = time.perf_counter() - began
            print(
                f"{LABELS} items in {took:.0f} s, of which the longest wait for an item was {waited:.2f} s."
            )
            expect(page.locator("#count")).to_contain_text(f"{LABELS} of", timeout=PATIENCE)
            expect(page.locator("#accuracy")).to_contain_text("Accuracy now", timeout=PATIENCE)
            page.check("#suggest")
            page.wait_for_timeout(3000)  # the panel has caught up
            shoot(page, "wide")
            with page.expect_download() as download:
                page.click("text=Download model and predictions")
            with zipfile.ZipFile(download.value.path()) as files:
                told = list(csv.DictReader(io.StringIO(files.read("predictions.csv").decode())))
            right = sum(truth[row["id"]] == row["predicted"] for row in told) / len(told)
            print(
                f"Downloaded: {', '.join(files.namelist())}; {right:.3f} of {len(told)} predictions are right."
            )
            page.context.close()
            page = begin(browser, 1440, 900, "dark")
            page.click("#tab-map")
            shoot(page, "map")
            page.context.close()
            page = begin(browser, 390, 844, "light")
            shoot(page, "narrow")
            page.context.close()
            page = begin(browser, 390, 844, "dark")
            page.click("#tab-answers")
            page.locator("#tab-answers").scroll_into_view_if_needed()
            page.evaluate("document.getElementById('answers').scrollIntoView()")
            shoot(page, "answers")
            browser.close()
        finally:
            server.kill()


if __name__ == "__main__":
    main()
