"""The labelling page in a real browser: keys, taking back, a killed server, no network, two people, axe."""

import csv
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from browser import browser as browser
from browser import needs_browser

pytestmark = needs_browser
EXAMPLES = Path(__file__).parents[1] / "examples"
with (EXAMPLES / "emails-labels.csv").open() as file:
    TRUTH = {row["id"]: row["label"] for row in csv.DictReader(file)}
KEY = {"ham": "1", "spam": "2"}
PATIENCE = 60_000  # milliseconds; the first batch compiles


class Server:
    """`askwell label` on the bundled texts, which can be killed and started again."""

    def __init__(self, folder: Path, pool: Path = EXAMPLES / "emails.jsonl"):
        self.db = folder / "emails.sqlite"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._pool = folder / "pool.jsonl"
        shutil.copy(pool, self._pool)
        self.start()

    def start(self) -> None:
        options = ["--db", self.db, "--port", self.port, "--classes", "ham,spam", "--strategy", "margin"]
        command = [Path(sys.executable).with_name("askwell"), "label", self._pool, *options]
        self.process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("Label at")

    def end(self, how=signal.SIGKILL) -> None:
        self.process.send_signal(how)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def told(self) -> list[tuple[str, str]]:
        """Rows and labels in the order of telling, none left out."""
        file = sqlite3.connect(self.db)
        try:
            return file.execute("SELECT id, label FROM events WHERE does = 'tell' ORDER BY number").fetchall()
        finally:
            file.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("label"))
    yield made
    made.end(signal.SIGINT)


def visit(browser, server, name, width=1440, scheme="light"):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(server.url)
    page.fill("#me", name)
    page.keyboard.press("Enter")
    item(page)
    return page


def item(page) -> str:
    """The id of the row that is shown, once there is one."""
    sync_api.expect(page.locator("#why")).to_contain_text("Row ", timeout=PATIENCE)
    return page.inner_text("#why").split()[1].rstrip(":.")


def label(page, count) -> list[str]:
    """Answer so many items rightly, by keyboard; their ids."""
    ids = []
    for _ in range(count):
        ids.append(item(page))
        page.keyboard.press(KEY[TRUTH[ids[-1]]])
    return ids


def stocked(page, count) -> None:
    """Wait until so many items are in the page: what it has not got it cannot show while the server is away."""
    for _ in range(PATIENCE // 100):
        if int((page.inner_text("#place") or "0").split()[0]) >= count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"there are never {count} items in the page")


def saved(page) -> None:
    sync_api.expect(page.locator("#connection")).to_have_attribute("data-waiting", "0", timeout=PATIENCE)


def test_thirty_items_by_keyboard_whatever_happens_to_the_server(browser, server):
    page = visit(browser, server, "anna")
    ids = label(page, 10)
    stocked(page, 2)
    server.end()  # kill -9, in the middle of it
    ids += label(page, 2)  # those that are here already
    sync_api.expect(page.locator("#connection")).to_contain_text("not saved yet", timeout=PATIENCE)
    server.start()
    page.reload()  # what was not sent survives that, too
    item(page)
    saved(page)
    stocked(page, 2)
    page.context.set_offline(True)
    ids += label(page, 2)
    sync_api.expect(page.locator("#connection")).to_contain_text("not saved yet", timeout=PATIENCE)
    page.context.set_offline(False)
    saved(page)
    ids += label(page, 16)
    saved(page)
    assert len(set(ids)) == 30
    assert sorted(server.told()) == sorted((id, TRUTH[id]) for id in ids)
    sync_api.expect(page.locator("#count")).to_contain_text("30 of 1,200 rows", timeout=PATIENCE)
    sync_api.expect(page.locator("#accuracy")).to_contain_text("Accuracy now", timeout=PATIENCE)
    assert page.errors == []
    page.context.close()


def test_taking_back_skipping_and_correcting(browser, server):
    page = visit(browser, server, "bo")
    first = label(page, 1)[0]
    page.keyboard.press("Backspace")
    assert item(page) == first
    wrong_label = "spam" if TRUTH[first] == "ham" else "ham"
    page.keyboard.press(KEY[wrong_label])
    second = item(page)
    page.select_option("#how", "unsure")
    page.locator("#item").focus()
    page.keyboard.press("Space")
    saved(page)
    page.click("#tab-answers")
    sync_api.expect(page.locator("#list")).to_contain_text(
        f"nobody can tell · bo · {second}", timeout=PATIENCE
    )
    page.fill("#search", first)
    page.click(f"#list button:has-text('{first}')")
    sync_api.expect(page.locator("#why")).to_contain_text(f"Row {first}: answered (bo: {wrong_label})")
    page.locator("#item").focus()
    page.keyboard.press(KEY[TRUTH[first]])
    saved(page)
    said = [label for id, label in server.told() if id == first]
    assert said[-1] == TRUTH[first]
    assert len(said) == 3
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.errors == []
    page.context.close()


def test_an_open_list_shows_each_answer_however_fast_they_come(browser, server):
    page = visit(browser, server, "ed")
    page.click("#tab-answers")
    for _ in range(2):
        id = label(page, 1)[0]
        sync_api.expect(page.locator("#list")).to_contain_text(f"ed · {id}", timeout=PATIENCE)
    page.context.close()


def test_two_people_at_once_get_different_rows(browser, server):
    pages = [visit(browser, server, name) for name in ("cy", "di")]
    ids = [label(page, 5) for page in pages]
    assert not set(ids[0]) & set(ids[1])
    for page in pages:
        saved(page)
        page.context.close()
    assert {*ids[0], *ids[1]} <= {id for id, _ in server.told()}


def test_twenty_keys_at_once_lose_nothing(browser, server):
    page = visit(browser, server, "eve")
    before = len(server.told())
    page.keyboard.type("1" * 20)  # more than a batch has: what finds no item does nothing
    saved(page)
    told = server.told()[before:]
    assert 10 <= len(told) <= 20
    assert len({id for id, _ in told}) == len(told)
    page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(browser, server, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(server.url)
    page.fill("#me", "fay")
    page.keyboard.press("Enter")
    item(page)
    page.check("#suggest")
    for tab in ("now", "map", "answers", "doubts"):
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(500)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_what_data_hold_is_shown_and_never_run(browser, tmp_path):
    rows = [
        {"id": f"r{i}", "text": f"<script>window.ran = 1</script> <b>bold {i}</b> \u202eright to left"}
        for i in range(20)
    ]
    rows[3]["text"] = "x " * 500_000
    (tmp_path / "hostile.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = Server(tmp_path, tmp_path / "hostile.jsonl")
    try:
        page = visit(browser, made, "<i>gus</i>")
        assert "<b>bold" in page.inner_text("#item") or "more characters" in page.inner_text("#item")
        assert page.locator("#item b").count() == 0
        page.keyboard.press("1")
        saved(page)
        page.click("#tab-answers")
        sync_api.expect(page.locator("#list")).to_contain_text("<i>gus</i>", timeout=PATIENCE)
        assert page.evaluate("window.ran") is None
        page.context.close()
    finally:
        made.end()
