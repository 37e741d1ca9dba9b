"""How people work with a page: with a mouse, or with nothing but a keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

MOST_TABS = 120
"""Presses of Tab after which something counts as out of reach."""


class Hand(Protocol):
    """Somebody at a page. What they work with is named as they perceive it, by role and name."""

    page: Any

    def __init__(self, page: Any) -> None: ...

    def press(self, what: Any) -> None:
        """Follow a link, press a button, open what can be opened."""

    def write(self, field: Any, text: str) -> None:
        """Put a text into a field, in the place of what is there."""

    def choose(self, field: Any, files: Sequence[Path]) -> None:
        """Choose files of one's own."""

    def pick(self, radio: Any) -> None:
        """Choose one of several."""

    def take(self, select: Any, words: str) -> None:
        """Take the first choice of a list that begins with these words."""

    def slide(self, slider: Any, to: float) -> None:
        """Move a slider to a value."""


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Any) -> None:
        self.page = page
        _watch_choosers(page)

    def press(self, what: Any) -> None:
        """Click on it."""
        what.click()

    def write(self, field: Any, text: str) -> None:
        """Click three times, which selects what is there, and write over it."""
        field.click(click_count=3)
        self.page.keyboard.type(text)

    def choose(self, field: Any, files: Sequence[Path]) -> None:
        """Click, and choose in the window that opens."""
        with self.page.expect_file_chooser() as opened:
            field.click()
        opened.value.set_files([str(path) for path in files])

    def pick(self, radio: Any) -> None:
        """Click on it."""
        radio.check()

    def take(self, select: Any, words: str) -> None:
        """Click on it, which opens the list, and on the choice; the list is the system's own."""
        select.select_option(label=_beginning(select, words))

    def slide(self, slider: Any, to: float) -> None:
        """Drag the handle until the value is right; a hand looks where it is, and corrects."""
        slider.scroll_into_view_if_needed()
        box, mouse = slider.bounding_box(), self.page.mouse
        least, most, now = (float(slider.evaluate(f"each => each.{name}")) for name in ("min", "max", "value"))

        def at(value: float) -> float:
            return float(box["x"] + 8 + (box["width"] - 16) * (value - least) / (most - least))

        mouse.move(at(now), box["y"] + box["height"] / 2)
        mouse.down()
        place = at(to)
        for _ in range(20):
            mouse.move(place, box["y"] + box["height"] / 2)
            off = to - float(slider.evaluate("each => each.value"))
            if not off:
                break
            place += (1 if off > 0 else -1) * max(0.5, abs(off) * box["width"] / (most - least) / 2)
        mouse.up()
        assert float(slider.evaluate("each => each.value")) == to


class Keyboard:
    """Tab, Enter, space and arrows; letters only into fields."""

    def __init__(self, page: Any) -> None:
        self.page = page
        _watch_choosers(page)

    def press(self, what: Any) -> None:
        """Go there and press Enter."""
        self._reach(what)
        self.page.keyboard.press("Enter")

    def write(self, field: Any, text: str) -> None:
        """Go there, which selects what is there, and write over it."""
        self._reach(field)
        self.page.keyboard.type(text)

    def choose(self, field: Any, files: Sequence[Path]) -> None:
        """Go there, press Enter, and choose in the window that opens."""
        self._reach(field)
        with self.page.expect_file_chooser() as opened:
            self.page.keyboard.press("Enter")
        opened.value.set_files([str(path) for path in files])

    def pick(self, radio: Any) -> None:
        """Go to the one of the group that is chosen, and on with the arrows."""
        group = radio.get_attribute("name")
        chosen = self.page.locator(f'input[type=radio][name="{group}"]:checked')
        self._reach(chosen)
        for _ in range(20):
            if radio.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("arrows do not lead there")

    def take(self, select: Any, words: str) -> None:
        """Go there, and on with the arrows, as fast as one types."""
        label = _beginning(select, words)
        self._reach(select)
        for _ in range(200):
            off = select.evaluate("(each, label) => [...each.options].findIndex((one) => one.textContent.trim() === label) - each.selectedIndex", label)
            if not off:
                return
            self.page.keyboard.press("ArrowDown" if off > 0 else "ArrowUp")
            assert select.evaluate("each => each === document.activeElement"), f"focus was lost on {select}"
        raise AssertionError("arrows do not lead there")

    def slide(self, slider: Any, to: float) -> None:
        """Go there, and on with the arrows."""
        self._reach(slider)
        for _ in range(200):
            off = to - float(slider.evaluate("each => each.value"))
            if not off:
                return
            self.page.keyboard.press("ArrowRight" if off > 0 else "ArrowLeft")
        raise AssertionError("arrows do not lead there")

    def _reach(self, what: Any) -> None:
        """Press Tab until it has the focus, which must be seen; AssertionError where it is out of reach."""
        what.wait_for()
        for _ in range(MOST_TABS):
            if what.evaluate("each => each === document.activeElement"):
                assert what.evaluate("each => each.matches(':focus-visible') && getComputedStyle(each).outlineStyle !== 'none'"), f"focus is not seen on {what}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} tabs do not lead to {what}")


def _beginning(select: Any, words: str) -> str:
    """The text of the first choice that begins with these words."""
    select.wait_for()
    texts: list[str] = select.locator("option").evaluate_all("all => all.map((each) => each.textContent.trim())")
    return next(text for text in texts if text.startswith(words))


def _watch_choosers(page: Any) -> None:
    """Let the test see every window for choosing files: the browser is told so once, and not in a race with the first press."""
    page.on("filechooser", lambda _: None)
