"""What holds on every page and in every state of it: accessible by day and by night, on small screens and large type, quiet, and from here alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.pages.conftest import Town, Visitor, visitor
from tests.api.pages.states import State, every_state
from tests.browser import axe

NARROW, ZOOMED = {"width": 320, "height": 640}, {"width": 640, "height": 450}
"""A phone; and what is left of 1,280 by 900 at 200 %."""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def visitors() -> Iterator[dict[tuple[str, str], Visitor]]:
    """Whoever has been logged in so far, by role and board."""
    known: dict[tuple[str, str], Visitor] = {}
    yield known
    for each in known.values():
        each.page.context.close()


@pytest.mark.parametrize("state", every_state(), ids=lambda state: state.name)
def test_a_page_is_accessible_fits_and_says_nothing_in_the_console(state: State, visitors: dict[tuple[str, str], Visitor], chromium: Any, town: Town) -> None:
    who = visitors.get((state.role, state.board))
    if who is None:
        who = visitors[state.role, state.board] = visitor(chromium, town, state.role, state.board)
    page = who.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    who.heard.clear()
    answer = who.open(state.address(town.world))
    assert answer.status == state.status
    if state.act:
        assert who.heard == [], "before anything is done"
        state.act(page)
    assert page.locator("h1").count() == 1 or state.status >= 400
    assert page.title().removeprefix("Error: ").split(" - ")[0].strip()
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page) == []
    for size in (ZOOMED, NARROW):
        page.set_viewport_size(size)
        assert page.evaluate(WIDER) <= 0, f"it scrolls sideways at {size['width']} pixels"
    expected = "Failed to load resource" if state.status >= 400 or state.act else ""
    assert [each for each in who.heard if not expected or expected not in each] == []


def test_names_of_states_are_their_own() -> None:
    names = [state.name for state in every_state()]
    assert len(names) == len(set(names))
