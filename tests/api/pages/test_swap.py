"""Parts of a page put in place: what a reader asks for and what the page asks for by itself never drop or undo one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.pages.conftest import Town, Visitor, visitor


@pytest.fixture
def analyst(town: Town, chromium: Any) -> Iterator[Visitor]:
    """An analyst in a browser."""
    who = visitor(chromium, town, "analyst")
    yield who
    who.page.context.close()


def held(page: Any, wanted: Any) -> list[Any]:
    """Requests of the page's script that are wanted, held back until the test lets them go on."""
    found: list[Any] = []
    page.route(lambda address: wanted(address), lambda route: found.append(route) if route.request.resource_type == "fetch" else route.continue_())
    return found


def until(page: Any, true: Any) -> None:
    """Wait for something in this process, while the browser works."""
    for _ in range(600):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen")


def linked(page: Any) -> None:
    """A link that swaps the part that the page looks at again by itself; and a mark that a page loaded anew does not have."""
    page.evaluate("""() => {
      window.mark = "the same page";
      document.querySelector("h1").insertAdjacentHTML("afterend", '<a href="?at=1" data-swap="progress">Swap it</a>');
    }""")


def test_a_page_that_looks_again_does_not_drop_what_its_reader_asked_for(analyst: Visitor, town: Town) -> None:
    page = analyst.page
    analyst.open(f"/tradeoffs/{town.world.ids['waiting_sweep']}")
    linked(page)
    own, quiet = held(page, lambda address: "at=1" in address), []
    page.on("request", lambda request: quiet.append(request) if request.resource_type == "fetch" and "at=1" not in request.url else None)
    # The page is asking already when its reader asks, and is answered first.
    until(page, lambda: quiet)
    page.get_by_role("link", name="Swap it").click()
    until(page, lambda: own)
    page.wait_for_timeout(2500)
    own[0].continue_()
    page.wait_for_url("**?at=1")
    assert page.evaluate("window.mark") == "the same page"
    assert page.locator("#progress").get_attribute("aria-busy") is None
    until(page, lambda: len(own) > 1)  # it goes on looking by itself, at the new address


def test_an_answer_from_before_does_not_undo_what_its_reader_asked_for(analyst: Visitor, town: Town) -> None:
    page, sweep = analyst.page, town.world.ids["waiting_sweep"]
    analyst.open(f"/tradeoffs/{sweep}")
    linked(page)
    quiet = held(page, lambda address: address.endswith(sweep))
    until(page, lambda: quiet)
    page.get_by_role("link", name="Swap it").click()
    page.wait_for_url("**?at=1")
    old = quiet[0].fetch()
    with page.expect_response(lambda response: response.url.endswith(sweep)):
        quiet[0].fulfill(response=old, body=old.text().replace("data-said>", "data-said>Outdated: "))
    page.wait_for_timeout(300)
    assert "Outdated" not in page.locator("#progress").text_content()


def test_a_choice_and_the_slider_moved_before_it_is_answered_both_hold(analyst: Visitor, town: Town) -> None:
    page = analyst.page
    analyst.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0.3")
    own = held(page, lambda address: "against=0" in address)
    page.get_by_label("Compared with").select_option("0")
    until(page, lambda: own)
    page.get_by_role("slider").press("End")
    until(page, lambda: len(own) > 1 or "at=1" in page.url)
    page.wait_for_timeout(500)
    for each in own:
        each.continue_()
    page.wait_for_url(lambda address: "against=0" in address and "at=1" in address.split("?")[1].split("&"))
    assert page.get_by_label("Compared with").input_value() == "0"
    assert page.get_by_role("slider").input_value() == "1"


def test_every_value_of_a_query_that_is_there_more_than_once_is_kept_in_links() -> None:
    from starlette.requests import Request

    from api.pages.frame import _address

    asked = Request({"type": "http", "method": "GET", "path": "/compare", "headers": [], "query_string": b"base=a&with=b&with=c&only=&cursor=x"})
    address = _address(asked, "/compare")
    assert address() == "/compare?base=a&with=b&with=c&cursor=x"
    assert address(cursor=None) == "/compare?base=a&with=b&with=c"
    assert address(**{"with": "d"}) == "/compare?base=a&cursor=x&with=d"
