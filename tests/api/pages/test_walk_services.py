"""The business services team's morning, from Home to the sheets, against a real service: with the mouse on Portland, and by keyboard alone."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from api.settings import Settings
from tests.api.pages.keyboard import follow, press, tab_to, write
from tests.api.served import Served, served

LONG = 400.0
"""Seconds that a night may take at most."""
AROUND = "header, nav, form, button, .no-print"
NIGHTS = ("2026-11-02", "2026-11-03")


@contextmanager
def morning(tmp_path: Path, demo: str, **first: Any) -> Iterator[Served]:
    """A service where one night's plan was published and the next one's waits for somebody; `first` is what the first night is asked beside the usual."""
    with served(Settings(data_dir=tmp_path / "service")) as running, running.client("admin") as admin:
        body = admin.get(f"/v1/demo-data/{demo}").json()
        if demo == "paper":
            _with_an_employer(body["tables"])
        _made(admin.post("/v1/datasets", json=body))
        said = {
            "name": "Weekday nights", "cron": "30 2 1 1 *", "time_zone": "America/Los_Angeles", "source": {"kind": "upload", "name": body["name"]},
        }  # fmt: skip
        schedule = admin.post("/v1/schedules", json={**said, "gates": {"gap": None, "moved": None}, "review": "automatic", **first})
        _made(schedule)
        place = f"/v1/schedules/{schedule.json()['id']}"
        assert _night(admin, place, NIGHTS[0])["result"] == "published"
        if demo == "paper":
            _otherwise(body["tables"])
            _made(admin.post("/v1/datasets", json=body))
        _made(admin.put(place, json={**said, "gates": {"moved": None}, "review": "hold"}, headers={"If-Match": schedule.headers["etag"]}))
        assert _night(admin, place, NIGHTS[1])["status"] == "held"
        yield running


def _with_an_employer(tables: dict[str, list[dict[str, str]]]) -> None:
    """The paper data have no employer; one offers all their slots here."""
    tables["employers"] = [{"employer_id": "MILL", "name": "A mill"}]
    for slot in tables["slots"]:
        slot["employer_id"] = "MILL"


def _otherwise(tables: dict[str, list[dict[str, str]]]) -> None:
    """Who fitted best fits worst, so that people move."""
    for pair in tables["pairs"]:
        pair["score"] = str(100 - int(pair["score"]))


def _made(answer: httpx.Response) -> None:
    assert answer.status_code < 300, answer.text


def _night(admin: httpx.Client, schedule: str, night: str) -> dict[str, Any]:
    """A night begun by hand, and what came of it."""
    begun = admin.post(f"{schedule}/occurrences", json={"date": night})
    _made(begun)
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        told: dict[str, Any] = admin.get(f"/v1/occurrences/{begun.json()['id']}").json()
        if told["status"] not in ("waiting", "running"):
            return told
        time.sleep(0.3)
    raise AssertionError(f"the night did not end: {told}")


@contextmanager
def visit(chromium: Any, running: Served) -> Iterator[Any]:
    """A browser before the service; nothing may go wrong in it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, heard = context.new_page(), []
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(f"console: {said.text}"))
    page.goto(running.address)
    yield page
    assert heard == []
    context.close()


def _downloaded(page: Any, act: Callable[[], None]) -> bytes:
    with page.expect_download() as coming:
        act()
    return Path(coming.value.path()).read_bytes()


def _is_workbook(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return packed.testzip() is None and "xl/workbook.xml" in packed.namelist()


def _printed(page: Any) -> list[str]:
    """What stands on the paper beside the lists themselves."""
    page.emulate_media(media="print")
    seen = "each => each.getClientRects().length > 0"
    shown = page.evaluate(f"() => [...document.querySelectorAll({AROUND!r})].filter({seen}).map(each => each.outerHTML)")
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="screen")
    return list(shown)


@pytest.mark.slow
def test_a_morning_on_portland_with_the_mouse(chromium: Any, tmp_path: Path) -> None:
    with morning(tmp_path, "portland", limits={"gap": 0.05}) as running, visit(chromium, running) as page:
        page.get_by_label("API key").fill(running.key("publisher"))
        page.get_by_role("button", name="Log in").click()
        page.locator("main").get_by_role("link", name=re.compile("^Weekday nights, night of")).click()
        assert page.get_by_role("heading", level=1).inner_text().startswith("Night of Weekday nights")
        assert page.get_by_role("link", name="Open what is published now").count() == 1

        page.get_by_role("link", name="Who they are").click()
        page.get_by_label("Show").select_option("moved")
        page.wait_for_url("**change=moved*")
        page.wait_for_function(
            "() => [...document.querySelectorAll('#changes tbody')[0].querySelectorAll('td:nth-child(2)')].every(each => each.textContent.includes('Moved'))"
        )
        kinds = page.locator("#changes tbody").first.locator("td:nth-child(2)").all_inner_texts()
        assert kinds
        assert all("Moved" in each for each in kinds)

        page.get_by_label("Note").fill("Looked at who moved.")
        page.get_by_role("button", name="Publish this plan").click()
        page.wait_for_url("**/publications/publication_*")
        assert "Published." in page.get_by_role("status").first.inner_text()

        page.get_by_role("link", name="Worklists").click()
        page.locator("#lists a").first.click()
        page.wait_for_url("**staff=*")
        page.locator("section.leaf tbody tr").first.wait_for()
        assert _printed(page) == []
        page.get_by_role("link", name="Published plan").click()

        page.get_by_role("link", name="Employer sheets").click()
        page.locator("#found a").first.click()
        page.wait_for_url("**employer=*")
        assert page.locator("main tbody tr").count() >= 1
        page.get_by_role("link", name="Published plan").click()

        assert _is_workbook(_downloaded(page, page.get_by_role("link", name="The workbook (Excel)").click))
        page.locator(".places").get_by_role("link", name="Home").click()
        assert "Nothing waits for you." in page.locator("main").inner_text()
        assert page.locator("main .badge", has_text="Published").count() == 1


def test_a_morning_by_keyboard_alone(chromium: Any, tmp_path: Path) -> None:
    with morning(tmp_path, "paper") as running, visit(chromium, running) as page:
        write(page, "API key", running.key("publisher"))
        press(page, "Log in")
        follow(page, re.compile("^Weekday nights, night of"))

        follow(page, "Who they are")
        tab_to(page, "combobox", "Show")
        page.keyboard.press("ArrowDown")
        page.wait_for_url("**change=newly_placed*")
        assert page.evaluate("document.activeElement.id") == "change", "a list that is filtered keeps the focus where it was"

        page.goto(page.url.partition("?")[0])
        write(page, re.compile("^Note"), "Looked at who moved.")
        press(page, "Publish this plan")
        assert "Published." in page.get_by_role("status").first.inner_text()

        follow(page, "Worklists")
        tab_to(page, "combobox", "Whose list")
        page.keyboard.press("ArrowDown")
        page.wait_for_url("**staff=all*")
        page.locator("section.leaf tbody tr").first.wait_for()
        assert _printed(page) == []
        follow(page, "Published plan")

        follow(page, "Employer sheets")
        follow(page, "MILL")
        assert page.locator("main tbody tr").count() >= 1
        follow(page, "Published plan")

        tab_to(page, "link", "The workbook (Excel)")
        assert _is_workbook(_downloaded(page, lambda: page.keyboard.press("Enter")))
        follow(page, "Home")
        assert "Nothing waits for you." in page.locator("main").inner_text()
