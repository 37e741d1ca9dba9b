"""States of the login."""

from typing import Any

from tests.api.pages.states import State


def log_in_with_a_wrong_key(page: Any) -> None:
    """Log out, then try a key that there is not."""
    page.context.clear_cookies()
    page.goto(page.url)
    page.get_by_label("API key").fill("ojt_wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()


STATES = (
    State("login-logged-in", "/login", role="service"),
    State("login-wrong-key", "/login", role="service", board="empty", act=log_in_with_a_wrong_key),
)
