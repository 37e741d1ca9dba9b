"""States of the comparison: to choose from, side by side, only what differs, fairness, a run without a plan, a list of people."""

from tests.api.pages.states import State

STATES = (
    State("compare", "/compare"),
    State("compare-none", "/compare", board="empty"),
    State("compare-of-a-viewer", "/compare?base={run_id}&with={second_run}", role="viewer"),
    State("compare-runs", "/compare?base={run_id}&with={second_run}&with={infeasible_run}"),
    State("compare-only", "/compare?base={run_id}&with={second_run}&only=1"),
    State("compare-moved", "/compare?base={run_id}&with={free_run}"),
    State("compare-fair", "/compare?base={run_id}&with={free_run}&fair=1"),
    State("compare-people", "/compare?base={run_id}&with={second_run}&people={second_run}&change=same"),
    State("compare-no-such-run", "/compare?base={run_id}&with=run_0", status=404),
)
