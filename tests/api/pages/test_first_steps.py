"""A new board is led from nothing to a scenario by the buttons of the first steps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.pages.conftest import Town, Visitor, visitor


@pytest.fixture
def newcomer(chromium: Any, town: Town) -> Visitor:
    """Somebody on a board of their own."""
    return visitor(chromium, town, "admin", "newcomers")


def test_a_newcomer_gets_from_nothing_to_a_scenario_by_the_buttons_of_the_first_steps(newcomer: Visitor) -> None:
    page = newcomer.page
    newcomer.open("/")
    page.get_by_role("link", name="Other demo data").click()
    page.get_by_role("button", name="Load “paper”").click()
    page.wait_for_url("**/data/dataset_*")
    newcomer.open("/")
    assert page.locator(".step.done").count() == 1
    page.get_by_role("button", name="Make one from").click()
    page.wait_for_url("**/scenarios/scenario_*")
    newcomer.open("/")
    assert page.locator(".step.done").count() == 2
    assert page.get_by_role("link", name="and run it").count() == 1
    page.context.close()
