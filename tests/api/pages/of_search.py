"""States of the search."""

from tests.api.pages.states import State

STATES = (
    State("search", "/search"),
    State("search-several", "/search?q=S"),
    State("search-nothing", "/search?q=zzz"),
    State("search-straight", "/search?q=S1"),
    State("search-no-plan", "/search?q=S1", board="empty"),
)
