"""States of keys, audit trail and settings."""

from typing import Any

from tests.api.pages.states import State


def _makes_a_key(page: Any) -> None:
    if not page.get_by_label("Whose key is it?").is_visible():
        page.get_by_text("Make a key", exact=True).click()
    page.get_by_label("Whose key is it?").fill("Front desk")
    page.get_by_role("button", name="Make this key").click()
    page.get_by_text("It is shown this once").wait_for()


def _adds_nothing(page: Any) -> None:
    page.get_by_label("Address").fill("https://elsewhere.example/")
    page.get_by_role("button", name="Add this webhook").click()
    page.get_by_role("alert").wait_for()


def _counts(page: Any) -> None:
    page.get_by_role("button", name="Count what is past its time").click()
    page.get_by_role("button", name="Delete it now").wait_for()


STATES = (
    State("keys", "/keys"),
    State("keys-one", "/keys?key={key_id}"),
    State("keys-revoke", "/keys?key={key_id}&ask=revoke"),
    State("keys-made", "/keys", act=_makes_a_key),
    State("keys-for-a-viewer", "/keys", role="viewer", status=403),
    State("audit", "/audit"),
    State("audit-filtered", "/audit?action=run.submit&since=2020-01-01&until=2999-12-31&without_logins=true"),
    State("audit-nothing-fits", "/audit?object=nothing"),
    State("audit-verified", "/audit?check=true"),
    State("settings", "/settings"),
    State("settings-webhooks", "/settings?tab=webhooks"),
    State("settings-webhook", "/settings?tab=webhooks&webhook={webhook_id}"),
    State("settings-webhook-delete", "/settings?tab=webhooks&webhook={webhook_id}&ask=delete"),
    State("settings-webhook-refused", "/settings?tab=webhooks", act=_adds_nothing),
    State("settings-health", "/settings?tab=health"),
    State("settings-purge", "/settings?tab=purge"),
    State("settings-purge-counted", "/settings?tab=purge", act=_counts),
)
