"""Walking pages with nothing but the keyboard: an element is reached by Tab alone, under the name that a screen reader would say, or the walk ends there."""

from __future__ import annotations

import re
from typing import Any

FAR = 400
"""Presses of Tab after which an element counts as out of reach."""
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect(), style = getComputedStyle(at);
  return { shown: box.width > 0 && box.height > 0, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 };
}"""
NAME = re.compile(r'^- (?P<role>[a-z]+)(?: "(?P<name>(?:[^"\\]|\\.)*)")?')


def focused(page: Any) -> tuple[str, str]:
    """The role and the accessible name of what has the focus; empty where nothing has."""
    if page.evaluate(FOCUSED) is None:
        return "", ""
    told = NAME.match(page.locator(":focus").aria_snapshot().replace("- /", "").strip().removeprefix("'"))
    return (told["role"], (told["name"] or "").replace('\\"', '"')) if told else ("", "")


def tab_to(page: Any, role: str, name: str | re.Pattern[str]) -> str:
    """Press Tab until an element of a role and name has the focus, and see that it is shown to have it; the name. A text is the whole name."""
    passed: list[str] = []
    for _ in range(FAR):
        page.keyboard.press("Tab")
        at, called = focused(page)
        if at == role and (called == name if isinstance(name, str) else name.search(called)):
            seen = page.evaluate(FOCUSED)
            assert seen["shown"], f"{role} {called!r} has the focus and cannot be seen"
            assert seen["outlined"], f"{role} {called!r} has the focus and does not show it"
            return called
        passed.append(f"{at} {called!r}")
    raise AssertionError(f"Tab never came to {role} {name!r}; it came by {', '.join(dict.fromkeys(passed))}")


def follow(page: Any, name: str | re.Pattern[str]) -> None:
    """Go to a link with Tab, press Enter, and wait for what it opens."""
    tab_to(page, "link", name)
    _then(page, "Enter")


def press(page: Any, name: str | re.Pattern[str], key: str = "Enter") -> None:
    """Go to a button with Tab, press it, and wait for what it opens."""
    tab_to(page, "button", name)
    _then(page, key)


def write(page: Any, name: str | re.Pattern[str], text: str, role: str = "textbox") -> None:
    """Go to a field with Tab and write into it."""
    tab_to(page, role, name)
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)


def _then(page: Any, key: str) -> None:
    """Press a key that leads somewhere: to another page, to a part of this one, or to another state that is put in place."""
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press(key)
