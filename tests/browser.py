"""A Chromium for tests of pages."""

import os
import shutil

import pytest
from playwright import sync_api

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "Chromium is not installed (apt-get install chromium)"
needs_browser = pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason=MISSING)

QUIET = ("quic", "background-networking", "component-update", "sync", "gpu")
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]


@pytest.fixture(scope="module")
def browser():
    """It asks nothing of the network by itself."""
    assert CHROMIUM, MISSING
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()
