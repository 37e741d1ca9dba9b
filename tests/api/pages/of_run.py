"""States of a run and its result."""

from tests.api.pages.states import State

STATES = (
    State("run-people", "/runs/{run_id}"),
    State("run-unplaced", "/runs/{run_id}?show=unplaced"),
    State("run-nobody-found", "/runs/{run_id}?q=nobody-is-called-so"),
    State("run-with-differences", "/runs/{second_run}"),
    State("run-slots", "/runs/{run_id}?tab=slots"),
    State("run-slots-none", "/runs/{run_id}?tab=slots&q=nothing"),
    State("run-rules", "/runs/{run_id}?tab=rules"),
    State("run-rule", "/runs/{run_id}?tab=rules&rule=reservation%5Bpartner%5D"),
    State("run-rule-unknown", "/runs/{run_id}?tab=rules&rule=nothing"),
    State("run-fairness", "/runs/{run_id}?tab=fairness", role="analyst"),
    State("run-fairness-refused", "/runs/{run_id}?tab=fairness", role="viewer", status=403),
    State("run-slots-full", "/runs/{run_id}?tab=slots&left=no&sort=-eligible"),
    State("run-checks", "/runs/{run_id}?tab=checks"),
    State("run-person", "/runs/{run_id}?person=S1"),
    State("run-person-for-a-viewer", "/runs/{run_id}?person=S1", role="viewer"),
    State("run-person-waiting", "/runs/{run_id}?show=unplaced&person=S2"),
    State("run-person-tried", "/runs/{run_id}?person=S2&to=J1"),
    State("run-person-unknown", "/runs/{run_id}?person=nobody"),
    State("run-slot", "/runs/{run_id}?tab=slots&slot=J1"),
    State("run-slot-unknown", "/runs/{run_id}?tab=slots&slot=nothing"),
    State("run-waiting", "/runs/{waiting_run}"),
    State("run-working", "/runs/{working_run}"),
    State("run-stopped", "/runs/{stopped_run}"),
    State("run-failed", "/runs/{failed_run}"),
    State("run-without-solution", "/runs/{unsolved_run}"),
    State("run-purged", "/runs/{purged_run}"),
    State("run-infeasible", "/runs/{infeasible_run}"),
    State(
        "run-decision-refused",
        "/runs/{run_id}?person=S1",
        act=lambda page: (page.locator("#decide-slot").fill("no-such-slot"), page.get_by_role("button", name="Put it into the scenario").click()),
    ),
    State("run-unknown", "/runs/run_of_nobody", status=404),
)
