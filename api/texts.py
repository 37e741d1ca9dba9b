"""Texts that any database and any reader can take."""

from __future__ import annotations

import re

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL refuses in texts, and halves of characters, which are no UTF-8."""


def fit(text: str) -> bool:
    """Whether a text can be kept."""
    return _UNFIT.search(text) is None


def tidy(text: str) -> str:
    """The text with a mark in place of what cannot be kept."""
    return _UNFIT.sub("\ufffd", text)
