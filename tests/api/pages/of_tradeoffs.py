"""States of the trade-offs: the list with its form, and a frontier with a slider, as a grid, at a point that is beaten, without a plan, waiting, stopped."""

from typing import Any

from tests.api.pages.states import State
from tests.api.pages.sweep_states import COUNT, SHARE


def _no_number(page: Any) -> None:
    page.get_by_label("In steps of").fill("five")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_role("alert").wait_for()


def _moved(page: Any) -> None:
    page.get_by_role("slider").press("ArrowRight")


def _moved_second(page: Any) -> None:
    page.get_by_role("slider").last.press("ArrowLeft")


def _readings(page: Any) -> None:
    page.get_by_role("link", name="Show what each reading would do").click()
    page.get_by_role("heading", name="partner", exact=True).wait_for()


STATES = (
    State("tradeoffs", "/tradeoffs"),
    State("tradeoffs-of-a-viewer", "/tradeoffs", role="viewer"),
    State("tradeoffs-none", "/tradeoffs", board="empty"),
    State("tradeoffs-promise", "/tradeoffs?scenario={scenario_id}"),
    State("tradeoffs-range", f"/tradeoffs?scenario={{scenario_id}}&promise={SHARE}&second={COUNT}"),
    State("tradeoffs-no-number", f"/tradeoffs?scenario={{scenario_id}}&promise={SHARE}", act=_no_number),
    State("tradeoff", "/tradeoffs/{wide_sweep}"),
    State("tradeoff-moved", "/tradeoffs/{wide_sweep}?at=0.5", act=_moved),
    State("tradeoff-readings", "/tradeoffs/{wide_sweep}?readings=now"),
    State("tradeoff-readings-open", "/tradeoffs/{wide_sweep}", act=_readings),
    State("tradeoff-of-a-viewer", "/tradeoffs/{wide_sweep}?at=0.9&goal=placed", role="viewer"),
    State("tradeoff-kept", "/tradeoffs/{sweep_id}?at=0.24&saved={study_id}"),
    State("tradeoff-two", "/tradeoffs/{two_sweep}?at=1&second=2"),
    State("tradeoff-two-sliders", "/tradeoffs/{square_sweep}?at=0&second=4", act=_moved_second),
    State("tradeoff-no-plan", "/tradeoffs/{no_plan_sweep}"),
    State("tradeoff-waiting", "/tradeoffs/{waiting_sweep}"),
    State("tradeoff-stopped", "/tradeoffs/{stopped_sweep}"),
    State("tradeoff-none-such", "/tradeoffs/sweep_0", status=404),
)
