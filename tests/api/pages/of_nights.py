"""States of the pages about nights and publications."""

from typing import Any

from tests.api.pages.states import State


def _without_days(page: Any) -> None:
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
        page.get_by_label(day, exact=True).uncheck()
    page.get_by_role("button", name="Save the changes").click()


def _with_a_bad_gate(page: Any) -> None:
    page.get_by_label("Figure: People placed, of those placed last time, at least").fill("many")
    page.get_by_role("button", name="Make this schedule").click()


STATES = (
    State("nights", "/nights?month=2026-11"),
    State("nights-none", "/nights", board="empty"),
    State("nights-none-for-a-viewer", "/nights", role="viewer", board="empty"),
    State("nights-bad-month", "/nights?month=2026-13", status=422),
    State("schedule-new", "/nights/new"),
    State("schedule-new-without-data", "/nights/new", board="empty"),
    State("schedule-new-faults", "/nights/new", act=_with_a_bad_gate),
    State("schedule", "/nights/{schedule_id}"),
    State("schedule-for-a-viewer", "/nights/{schedule_id}", role="viewer"),
    State("schedule-faults", "/nights/{schedule_id}", act=_without_days),
    State("occurrence-held", "/nights/occurrences/{occurrence_id}"),
    State("occurrence-held-reject", "/nights/occurrences/{occurrence_id}?ask=reject"),
    State("occurrence-for-a-viewer", "/nights/occurrences/{occurrence_id}", role="viewer"),
    State("occurrence-unknown", "/nights/occurrences/occurrence_x", status=404),
    State("publications", "/publications"),
    State("publications-none", "/publications", board="empty"),
    State("publish-choose", "/publications/new"),
    State("publish", "/publications/new?run={second_run}"),
    State("publish-without-a-plan", "/publications/new?run={infeasible_run}"),
    State("publication", "/publications/{publication_id}"),
    State("publication-withdraw", "/publications/{publication_id}?ask=withdraw"),
    State("worklists", "/publications/{publication_id}/worklists"),
    State("worklists-all", "/publications/{publication_id}/worklists?staff=all"),
    State("employers", "/publications/{publication_id}/employers"),
    State("employer-nobody", "/publications/{publication_id}/employers?employer=E1"),
)
