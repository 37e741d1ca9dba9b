"""The analyst's whole job in a real browser before a real service: on Portland by mouse and by keyboard alone, on the paper's example by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from api.settings import Settings
from tests.api.pages.hands import Hand, Keyboard, Mouse
from tests.api.served import Served, served

STUDY, PROMOTED = "What seats for partners cost", "More seats for partners"


@dataclass(frozen=True)
class Job:
    """Whose data, which promise is moved over which values, and where the slider comes to stand."""

    demo: str
    promise: str
    values: tuple[str, str, str]
    points: int
    to: float
    shown: str
    """The value there, in words."""
    moves: bool
    """Whether somebody has a slot there who has none as it is; on Portland some only hold another one."""


PORTLAND = Job("portland", "aligned partners: share of the seats", ("0", "60", "30"), 3, 0, "0 %", moves=False)
PAPER = Job("paper", "two seats for the partner: seats", ("0", "3", "1"), 4, 1, "1", moves=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service as its users start it, with its workers."""
    with served(Settings(data_dir=tmp_path_factory.mktemp("walk"))) as running:
        yield running


def prepared(service: Served, board: str, job: Job) -> None:
    """Data and a scenario on a board of their own, as somebody else has put them there."""
    client = service.client("planner", board)
    dataset = client.post("/v1/datasets", json=client.get(f"/v1/demo-data/{job.demo}").json())
    assert dataset.status_code == 201, dataset.text
    scenario = client.post("/v1/scenarios", json={"name": f"{job.demo} as it is", "base": {"dataset_id": dataset.json()["id"]}, "changes": []})
    assert scenario.status_code == 201, scenario.text


def walk(hand: Hand, job: Job, service: Served, board: str) -> None:
    """From the login to the study on the first page."""
    page = hand.page
    page.goto(service.address)
    hand.write(page.get_by_label("API key"), service.key("analyst", board))
    hand.press(page.get_by_role("button", name="Log in"))
    page.wait_for_url(f"{service.address}/")

    # A promise is chosen by its name; the range to be worked out stands there already and is changed.
    hand.press(page.get_by_role("link", name="Trade-offs", exact=True))
    page.get_by_role("heading", level=1, name="Trade-offs").wait_for()
    hand.take(page.get_by_label("Scenario", exact=True), f"{job.demo} as it is")
    hand.take(page.get_by_label("Promise or limit"), job.promise)
    page.get_by_role("group", name=job.promise).wait_for()
    for label, value in zip(("From", "To", "In steps of"), job.values, strict=True):
        hand.write(page.get_by_label(label, exact=True), value)
    hand.write(page.get_by_label("Note (what is it for?)"), "for the board")
    hand.press(page.get_by_role("button", name="Work it out"))

    # It is watched to its end on one page.
    page.wait_for_url("**/tradeoffs/sweep_*")
    page.evaluate("window.watched = true")
    page.locator("#progress").get_by_text(f"All {job.points} points are solved.").wait_for(state="attached", timeout=240_000)
    slider = page.get_by_role("slider")
    slider.wait_for()
    assert page.evaluate("window.watched"), "the page was loaded anew while it was watched"
    assert page.get_by_text("for the board").is_visible()

    # The slider answers at once; what the next seat costs and who pays it is read below it.
    hand.slide(slider, float(slider.get_attribute("max")))
    page.get_by_text("This is the last value that was worked out.").wait_for()
    hand.slide(slider, job.to)
    assert page.locator("output [data-read=value]").inner_text() == job.shown
    price = page.locator("[data-read=price]").inner_text()
    assert "“Better matches”" in price, price
    page.wait_for_url(f"**at={job.to:g}*")
    page.locator("#who").get_by_text(f"At {job.shown}, against").wait_for()
    gained, lost = (page.locator(f"[data-read={side}]").first.inner_text() for side in ("gained", "lost"))
    for side, count in (("gained", gained), ("lost", lost)):
        people = page.locator(f"section[aria-labelledby=who-{side}]")
        assert people.locator(".count").inner_text() == count
        assert people.get_by_role("listitem").count() == int(count)
    assert (int(gained) + int(lost) > 0) == job.moves

    # The point is kept as a study, and becomes a scenario.
    hand.write(page.get_by_label("Title"), STUDY)
    hand.press(page.get_by_role("button", name="Save this study"))
    page.get_by_text("Saved.").wait_for()
    assert page.locator("output [data-read=value]").inner_text() == job.shown
    hand.write(page.get_by_label("Name", exact=True), PROMOTED)
    hand.press(page.get_by_role("button", name=f"Make it a scenario ({job.shown})"))
    page.wait_for_url("**/scenarios/scenario_*")
    page.get_by_role("heading", level=1, name=PROMOTED).wait_for()

    # The first page leads back to the study as it was saved.
    hand.press(page.get_by_role("link", name="Home", exact=True))
    hand.press(page.get_by_role("link", name=STUDY))
    page.wait_for_url("**/tradeoffs/sweep_*")
    assert page.locator("output [data-read=value]").inner_text() == job.shown


@pytest.mark.parametrize(
    ("hand", "job"),
    [
        pytest.param(Mouse, PORTLAND, id="portland-by-mouse", marks=pytest.mark.slow),
        pytest.param(Keyboard, PORTLAND, id="portland-by-keyboard", marks=pytest.mark.slow),
        pytest.param(Keyboard, PAPER, id="paper-by-keyboard"),
    ],
)
def test_an_analyst_gets_from_a_promise_to_a_study_that_is_kept(hand: type[Hand], job: Job, chromium: Any, service: Served) -> None:
    board = f"{job.demo}-{hand.__name__}".lower()
    prepared(service, board, job)
    context, heard = chromium.new_context(viewport={"width": 1280, "height": 900}), list[str]()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("request", lambda request: None if request.url.startswith((service.address, "data:")) else heard.append(f"asked elsewhere: {request.url}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(f"console: {said.text}"))
    walk(hand(page), job, service, board)
    assert heard == []
    context.close()
