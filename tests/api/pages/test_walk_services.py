"""The business services team's morning, from Home to the sheets, on Portland by mouse and by keyboard alone, on the paper's example by keyboard."""

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
from tests.api.pages.hands import Hand, Keyboard, Mouse
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
    """Who fitted best fits worst: the data differ, and the plan stays, as the four can keep the promise in one way only."""
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


def walk(hand: Hand, moves: bool, running: Served) -> None:
    """From the login to nothing waiting any more. `moves` is whether anybody gets another slot than before."""
    page = hand.page
    hand.write(page.get_by_label("API key"), running.key("publisher"))
    hand.press(page.get_by_role("button", name="Log in"))
    hand.press(page.locator("main").get_by_role("link", name=re.compile("^Weekday nights, night of")))
    page.get_by_role("heading", level=1, name=re.compile("^Night of Weekday nights")).wait_for()
    assert page.get_by_role("link", name="Open what is published now").count() == 1

    # Who moves is looked at before anybody hears of it.
    hand.press(page.get_by_role("link", name="Who they are"))
    hand.take(page.get_by_label("Show"), "Moved")
    page.wait_for_url("**change=moved*")
    if isinstance(hand, Keyboard):
        assert page.evaluate("document.activeElement.id") == "change", "a list that is filtered keeps the focus where it was"
    kinds = page.locator("#changes").get_by_role("region").locator("tbody td:nth-child(2)")
    kinds.filter(has_not_text="Moved").first.wait_for(state="detached")
    assert all("Moved" in each for each in kinds.all_inner_texts())
    assert (kinds.count() > 0) == moves

    # The plan is published, once.
    hand.write(page.get_by_label("Note"), "Looked at who moved.")
    hand.press(page.get_by_role("button", name="Publish this plan"))
    page.wait_for_url("**/publications/publication_*")
    assert "Published." in page.get_by_role("status").first.inner_text()

    # Each member of the staff has a list to print, each employer a sheet without what is not theirs to know.
    hand.press(page.get_by_role("link", name="Worklists"))
    hand.press(page.locator("#lists a").first)
    page.wait_for_url("**staff=*")
    page.locator("section.leaf tbody tr").first.wait_for()
    assert _printed(page) == []
    hand.take(page.get_by_label("Whose list"), "Everybody's")
    page.wait_for_url("**staff=all*")
    page.locator("section.leaf tbody tr").first.wait_for()
    assert _printed(page) == []
    hand.press(page.get_by_role("link", name="Published plan"))
    hand.press(page.get_by_role("link", name="Employer sheets"))
    sheet = page.locator("#found a").first
    employer = sheet.inner_text()
    hand.press(sheet)
    page.wait_for_url(f"**employer={employer}*")
    page.locator("main tbody tr").first.wait_for()
    hand.press(page.get_by_role("link", name="Published plan"))

    workbook = page.get_by_role("link", name="The workbook (Excel)")
    assert _is_workbook(_downloaded(page, lambda: hand.press(workbook)))
    hand.press(page.locator(".places").get_by_role("link", name="Home"))
    page.get_by_text("Nothing waits for you.").wait_for()
    assert page.locator("main .badge", has_text="Published").count() == 1


@pytest.mark.parametrize(
    ("hand", "demo", "moves", "first"),
    [
        pytest.param(Mouse, "portland", True, {"limits": {"gap": 0.05}}, id="portland-by-mouse", marks=pytest.mark.slow),
        pytest.param(Keyboard, "portland", True, {"limits": {"gap": 0.05}}, id="portland-by-keyboard", marks=pytest.mark.slow),
        pytest.param(Keyboard, "paper", False, {}, id="paper-by-keyboard"),
    ],
)
def test_the_morning_after_a_night(hand: type[Hand], demo: str, moves: bool, first: dict[str, Any], chromium: Any, tmp_path: Path) -> None:
    with morning(tmp_path, demo, **first) as running, visit(chromium, running) as page:
        walk(hand(page), moves, running)
