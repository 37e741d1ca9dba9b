"""The planner's whole job in a real browser before a real service: on Portland by mouse and by keyboard alone, on the paper's example by keyboard."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from tests.api.pages.hands import Hand, Keyboard, Mouse
from tests.api.served import Served, served

SCENARIOS = Path(__file__).parents[3] / "scenarios"
TITLE = "What more seats for partners cost"


@dataclass(frozen=True)
class Job:
    """What is uploaded with which fault, which promise is set to how much, and what is seen of it."""

    folder: str
    file: str
    column: str
    wrong: str
    """What stands in the second record instead of what should."""
    promise: str
    by_count: bool
    """Whether it is a number of seats, to be made a share."""
    percent: int
    seats: str
    check: str
    seconds: str = ""


PORTLAND = Job("portland", "slots.csv", "posted_date", "2026-13-45", "aligned partners", False, 90, "= 221 of 246 seats", "More than there is", "40")
PAPER = Job("paper", "pairs.csv", "score", "thirty", "two seats for the partner", True, 84, "= 3 of 3 seats", "Cannot be kept")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service as its users start it."""
    with served(Settings(data_dir=tmp_path_factory.mktemp("walk"))) as running:
        yield running


def good(job: Job) -> list[Path]:
    return sorted(path for path in (SCENARIOS / job.folder).iterdir() if path.suffix == ".csv" or path.name in ("policy.toml", "scenario.toml"))


def faulty(job: Job, folder: Path) -> list[Path]:
    """The same files with one wrong cell."""
    folder.mkdir(exist_ok=True)
    for path in good(job):
        (folder / path.name).write_bytes(path.read_bytes())
    with (folder / job.file).open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    lines[2][lines[0].index(job.column)] = job.wrong
    with (folder / job.file).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return sorted(folder.iterdir())


def run(hand: Hand, seconds: str) -> None:
    """Start a run and watch it to its end, on one page."""
    page = hand.page
    if seconds:
        hand.press(page.locator("summary", has_text="Time, seed, note"))
        hand.write(page.get_by_label("Seconds it may take"), seconds)
    hand.press(page.get_by_role("button", name="Run", exact=True))
    page.wait_for_url("**/runs/run_*")
    if seconds:
        page.evaluate("window.watched = true")
        page.locator("#run").get_by_text("Looking for the best plan").wait_for()
        assert "Looking for the best plan" in page.locator("#said").inner_text(), "it is told to those who cannot see it"
    page.get_by_role("heading", level=1, name="Result of").wait_for(timeout=180_000)
    if seconds:
        assert page.evaluate("window.watched"), "the page was loaded anew while it was watched"


def walk(hand: Hand, job: Job, service: Served, board: str, tmp_path: Path) -> None:
    """From the login to the comparison on the first page."""
    page = hand.page
    page.goto(service.address)
    hand.write(page.get_by_label("API key"), service.key("planner", board))
    hand.press(page.get_by_role("button", name="Log in"))
    page.wait_for_url(f"{service.address}/")

    # A fault is seen with its cell, and mended.
    hand.press(page.get_by_role("link", name="Data", exact=True))
    hand.choose(page.get_by_label("Files"), faulty(job, tmp_path / "faulty"))
    hand.press(page.get_by_role("button", name="Upload"))
    page.get_by_text("1 fault to mend").wait_for()
    assert page.locator("td.faulty").inner_text().endswith(job.wrong)
    assert page.get_by_role("rowheader", name="Row 3").is_visible()
    hand.press(page.get_by_role("link", name="Upload the mended files"))
    hand.choose(page.get_by_label("Files"), good(job))
    hand.press(page.get_by_role("button", name="Upload"))
    page.get_by_text("Every cell was checked.").wait_for()

    # What is compared with: the data as they are.
    hand.press(page.get_by_role("button", name="Make a scenario from this"))
    page.wait_for_url("**/scenarios/scenario_*")
    run(hand, job.seconds)

    # Another scenario on it, with another promise, which is checked before anything runs.
    hand.press(page.locator("summary", has_text="Make a scenario from it"))
    hand.press(page.get_by_role("button", name="Make the scenario"))
    page.wait_for_url("**/scenarios/scenario_*")
    assert page.locator("#checks").get_by_text(job.check).count() == 0
    hand.press(page.get_by_role("link", name=f"Change: {job.promise}"))
    page.locator("#open-rule").wait_for()
    assert page.evaluate("document.activeElement.id") == "open-rule", "focus is where the work goes on"
    if job.by_count:
        hand.pick(page.get_by_role("radio", name="As a share of the seats"))
    hand.slide(page.get_by_role("slider"), job.percent)
    assert page.locator("output").inner_text() == job.seats
    hand.press(page.get_by_role("button", name="Save", exact=True))
    page.locator("#checks").get_by_text(job.check).wait_for()
    own = page.locator("#changes .change-list > li")
    assert own.count() == (2 if job.by_count else 1), "what was not changed is no change"
    run(hand, job.seconds)

    # One person: the facts at once, then the reasons, then back to the list.
    who = page.locator("#tab tbody th a").first
    name = who.inner_text()
    hand.press(who)
    page.get_by_role("heading", name=f"Person {name}").wait_for()
    page.locator("#why").get_by_role("heading", name="Why", exact=True).wait_for(timeout=120_000)
    assert page.get_by_role("heading", name="To say to this person").is_visible()
    assert page.evaluate("document.activeElement.id") == "drawer-title", "focus stays in the drawer while reasons come"
    hand.press(page.get_by_role("link", name="Close"))
    page.locator("#drawer").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == f"person-{name}"

    # Side by side with the base, kept, and found on the first page.
    hand.press(page.get_by_role("link", name="See both side by side"))
    page.wait_for_url("**/compare?**")
    assert page.locator("#side-1").is_visible()
    hand.write(page.get_by_label("Title"), TITLE)
    hand.press(page.get_by_role("button", name="Save this study"))
    page.get_by_text("Saved.").wait_for()
    hand.press(page.get_by_role("link", name="Home", exact=True))
    hand.press(page.get_by_role("link", name=TITLE))
    page.wait_for_url("**/compare?**")
    assert page.locator("#side-1").is_visible()


@pytest.mark.parametrize(
    ("hand", "job"),
    [
        pytest.param(Mouse, PORTLAND, id="portland-by-mouse", marks=pytest.mark.slow),
        pytest.param(Keyboard, PORTLAND, id="portland-by-keyboard", marks=pytest.mark.slow),
        pytest.param(Keyboard, PAPER, id="paper-by-keyboard"),
    ],
)
def test_a_planner_gets_from_faulty_files_to_a_comparison_that_is_kept(hand: type[Hand], job: Job, chromium: Any, service: Served, tmp_path: Path) -> None:
    context, heard = chromium.new_context(viewport={"width": 1280, "height": 900}), list[str]()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("request", lambda request: None if request.url.startswith((service.address, "data:")) else heard.append(f"asked elsewhere: {request.url}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(f"console: {said.text}"))
    walk(hand(page), job, service, f"{job.folder}-{hand.__name__}".lower(), tmp_path)
    assert heard == []
    context.close()
