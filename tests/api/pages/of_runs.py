"""States of the list of runs."""

from tests.api.pages.states import State

STATES = (
    State("runs", "/runs"),
    State("runs-none-of-these", "/runs?status=failed"),
    State("runs-one-ticked", "/runs?run={run_id}"),
    State("no-such-page", "/nothing-here", status=404),
    State("no-such-run", "/runs?status=odd", status=422),
)
