"""A real Chromium for tests that look at pages. Skips where there is none, unless OJT_REQUIRE_BROWSER=1 says that there must be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def _without(what: str) -> NoReturn:
    if os.environ.get("OJT_REQUIRE_BROWSER") == "1":
        pytest.fail(f"OJT_REQUIRE_BROWSER is set, but {what}")
    pytest.skip(what)


@contextmanager
def browser() -> Iterator[Any]:
    """The system's Chromium under Playwright."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        _without("there is no Chromium (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without("Playwright is not installed (pip install --require-hashes -r .ci/browser.txt)")
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield one
        one.close()


def axe(page: Any) -> list[str]:
    """What axe-core finds wrong with a page, best practices included, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']} ({rule['impact']}): {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def opened(one: Any, path: Path, *, width: int = 1100, dark: bool = False, zoom: float = 1) -> tuple[Any, list[str]]:
    """A page from a file, and every address that it asks for beside its own."""
    context = one.new_context(
        viewport={"width": round(width / zoom), "height": round(900 / zoom)}, device_scale_factor=zoom, color_scheme="dark" if dark else "light"
    )
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(f"error: {error}"))
    page.on("console", lambda said: asked.append(f"console: {said.text}"))
    page.goto(path.resolve().as_uri())
    return page, [address for address in asked if address != path.resolve().as_uri()]
