"""States of the scenarios, of one with each of its tabs and forms, and of a run in conflict."""

from typing import Any

from tests.api.pages.states import State

RULE = "rule=constraints.reservation%5Bpartner%5D"


def _sent_with_a_fault(page: Any) -> None:
    page.get_by_label("Share of the seats", exact=True).fill("130")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("It was not saved").wait_for()


def _many_moves(page: Any) -> None:
    page.get_by_label("Only so many may move").check()
    page.get_by_label("People who may move, at most").fill("many")
    page.locator("#stability").get_by_role("button", name="Save").click()
    page.get_by_text("It was not saved").wait_for()


def _typed(page: Any) -> None:
    page.get_by_label("Share of the seats", exact=True).fill("95")
    page.get_by_text("With these values").wait_for()


def _limited(page: Any) -> None:
    page.get_by_label("Name").fill("steady")
    page.get_by_role("button", name="Make the scenario").click()
    page.goto(f"{page.url}?tab=limits")
    page.get_by_label("Only so many may move").check()
    page.get_by_label("People who may move, at most").fill("1")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**#stability")


def _decided(page: Any) -> None:
    page.get_by_label("Person", exact=True).fill("S1")
    page.get_by_label("Slot", exact=True).fill("J2")
    page.get_by_text("the pair is not in pairs").wait_for()


def _gaps_only(page: Any) -> None:
    page.get_by_label("Nobody moves").check()
    page.locator("#foreseen-stability").get_by_text("Each run needs a plan").wait_for()


STATES = (
    State("scenarios", "/scenarios"),
    State("scenarios-new", "/scenarios?new={dataset_id}"),
    State("scenarios-archived", "/scenarios?archived=true"),
    State("scenarios-empty", "/scenarios", board="empty"),
    State("scenarios-viewer", "/scenarios", role="viewer"),
    State("scenario", "/scenarios/{scenario_id}"),
    State("scenario-viewer", "/scenarios/{scenario_id}", role="viewer"),
    State("scenario-promise", "/scenarios/{scenario_id}?" + RULE),
    State("scenario-promise-readings", "/scenarios/{scenario_id}?readings=true&" + RULE),
    State("scenario-promise-refused", "/scenarios/{scenario_id}?" + RULE, act=_sent_with_a_fault),
    State("scenario-promise-checked", "/scenarios/{scenario_id}?" + RULE, act=_typed),
    State("scenario-add-promise", "/scenarios/{scenario_id}?add=constraints.reservation"),
    State("scenario-add-limit", "/scenarios/{scenario_id}?tab=limits&add=constraints.staff_capacity"),
    State("scenario-add-hold", "/scenarios/{scenario_id}?tab=matching&add=eligibility.reserved_hold"),
    State("scenario-add-target", "/scenarios/{scenario_id}?add=constraints.business_target"),
    State("scenario-limits", "/scenarios/{scenario_id}?tab=limits"),
    State("scenario-steady", "/scenarios?new={dataset_id}", act=_limited),
    State("scenario-limits-checked", "/scenarios/{scenario_id}?tab=limits", act=_gaps_only),
    State("scenario-limits-refused", "/scenarios/{scenario_id}?tab=limits", act=_many_moves),
    State("scenario-matching", "/scenarios/{scenario_id}?tab=matching"),
    State("scenario-goals", "/scenarios/{scenario_id}?tab=goals"),
    State("scenario-goal-open", "/scenarios/{scenario_id}?tab=goals&rule=goals.match_quality"),
    State("scenario-pins", "/scenarios/{scenario_id}?tab=pins"),
    State("scenario-pin", "/scenarios/{scenario_id}?tab=pins&pin=true"),
    State("scenario-pin-checked", "/scenarios/{scenario_id}?tab=pins&pin=true", act=_decided),
    State("scenario-run", "/scenarios/{scenario_id}?tab=run"),
    State("scenario-gone", "/scenarios/scenario_nothing", status=404),
    State("conflict", "/runs/{infeasible_run}/conflict"),
    State("conflict-viewer", "/runs/{infeasible_run}/conflict", role="viewer"),
    State("conflict-none", "/runs/{run_id}/conflict"),
)
