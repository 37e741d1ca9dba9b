"""Text that a spreadsheet takes for text: no cell of ours is ever run as a formula.

A cell that starts with = + - @ (or their full-width twins), a tab, a carriage return or a line feed gets an apostrophe before it, also where only
blanks stand before the sign: the spreadsheet then shows the text as it is, and still does after the sheet was saved as CSV and opened again.
Numbers are written as numbers and need none.

Source: OWASP, CSV injection.
"""

from __future__ import annotations

_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BLANKS = ("\t", "\r", "\n")


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet might run it."""
    return f"'{text}" if text.startswith(_BLANKS) or text.lstrip().startswith(_SIGNS) else text
