"""What tests of several areas share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser: one for a whole process of tests, where a second could not be started beside it."""
    with browser() as one:
        yield one
