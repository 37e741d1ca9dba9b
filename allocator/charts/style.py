"""How charts look: few colours that differ in lightness as well as in hue, so that every kind of eye, and grey paper, tells them apart.

Each colour has at least 3:1 against its ground (text 4.5:1), by day and by night. Pictures have the day's colours; a page names them by role, so
that it can give each the colour of its own ground.
"""

from __future__ import annotations

import re
from typing import Any

DAY = {
    "ink": "#1b1f24", "quiet": "#57606a", "line": "#d0d7de", "track": "#e6eaef", "ground": "#ffffff",
    "main": "#005ea8", "short": "#b3450b", "other": "#00735c", "fourth": "#4b1d70",
}  # fmt: skip
"""Colours on white, by role. No two are the same: a page finds them again by their value."""
NIGHT = {
    "ink": "#e8eaed", "quiet": "#a9b1ba", "line": "#3d444d", "track": "#2b323a", "ground": "#14181d",
    "main": "#5aa9e6", "short": "#f0904d", "other": "#3fbf9f", "fourth": "#ecd9fa",
}  # fmt: skip
"""The same roles on a dark ground."""

WIDE, NARROW = 680, 288
"""Pixels: a column of text, and a phone of 320."""
FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"
_PAINT = re.compile(r'\b(fill|stroke)="(#[0-9a-fA-F]{6}|white|black)"')
_ROLE = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_TAG = re.compile(r"<[a-z][^<]*?>")
_ID = re.compile(r'(\bid="|url\(#)')


def styled(spec: dict[str, Any], width: int) -> dict[str, Any]:
    """A specification as wide as asked for, in our look; charts of several parts have set their widths themselves."""
    if "vconcat" not in spec:
        spec = spec | {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    words = {"labelFont": FONT, "titleFont": FONT, "labelColor": DAY["quiet"], "titleColor": DAY["quiet"], "labelFontSize": 12, "titleFontSize": 12}
    config = {
        "background": "transparent",
        "padding": 4,
        "aria": False,
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**words, "titleFontWeight": "normal", "gridColor": DAY["line"], "domainColor": DAY["quiet"], "tickColor": DAY["quiet"]},
        "legend": {**words, "orient": "top", "title": None, "symbolType": "square", "columns": 1, "labelLimit": width},
        "text": {"font": FONT, "fontSize": 12, "color": DAY["ink"]},
        "title": {"font": FONT, "color": DAY["ink"], "anchor": "start", "limit": width},
    }
    return spec | {"config": config}


def for_page(svg: str, name: str) -> str:
    """An SVG that takes its colours from the page around it, and whose ids are its own among several."""
    roles = {colour: role for role, colour in DAY.items()} | {"white": "ground", "black": "ink"}

    def paint(found: re.Match[str]) -> str:
        colour = found[2].lower()
        return f'{found[1]}="var(--{roles[colour]})"' if colour in roles else found[0]

    return _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{name}-", _PAINT.sub(paint, tag[0])), svg)


def one_image(svg: str) -> str:
    """An SVG whose parts have no roles of their own: it is one image, and is described as a whole."""
    return _TAG.sub(lambda tag: _ROLE.sub("", tag[0]), svg)
