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

UNTIED = """() => {
  const every = (selector) => [...document.querySelectorAll(selector)];
  const ids = every("[id]").map((each) => each.id);
  const named = (name) => every(`[${name}]`).flatMap((each) => each.getAttribute(name).split(/\\s+/).filter(Boolean));
  const described = named("aria-describedby");
  return [
    ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `two of the id ${id}`),
    ...["for", "aria-describedby", "aria-labelledby"].flatMap(named).filter((id) => !ids.includes(id)).map((id) => `there is no ${id}`),
    ...every(".field > .hint, fieldset > .hint, .fault").filter((each) => !described.includes(each.id)).map((each) => `of no field: ${each.textContent}`),
    ...every("[title]:not(time)").map((each) => `seen with a mouse only: ${each.title}`),
  ];
}"""
"""What axe does not look at: ids that are there twice or not at all, hints and faults that no field has, and words that only a mouse brings up, but for
a moment, which is shown on the local clock and has UTC there as well."""


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
    assert page.evaluate(UNTIED) == []
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
