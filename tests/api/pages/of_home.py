"""States of the first page."""

from tests.api.pages.states import State

STATES = (
    State("home", "/"),
    State("home-planner", "/", role="planner"),
    State("home-publisher", "/", role="publisher"),
    State("home-analyst", "/", role="analyst"),
    State("home-viewer", "/", role="viewer"),
    State("home-empty", "/", role="planner", board="empty"),
    State("home-empty-to-read", "/", role="viewer", board="empty"),
)
