"""A mark around one point of a drawn frontier. The page's script moves it along the points; without script the server has put it where it belongs."""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup

from api.pages.pictures import Picture

_POINTS = re.compile(r'<g class="mark-symbol role-mark concat_0_layer_1_marks">(?P<points>.*?)</g>')
_PLACE = re.compile(r'<path transform="(translate\([^)]*\))"')


def marked(picture: Picture, number: int | None) -> Picture:
    """The picture with its marker at a point, counted from the left; hidden where there is none to mark."""
    return replace(picture, wide=_with(picture.wide, number), narrow=_with(picture.narrow, number))


def _with(svg: Markup, number: int | None) -> Markup:
    def put(found: re.Match[str]) -> str:
        places = _PLACE.findall(found["points"])
        shown = f'transform="{places[number]}"' if number is not None and number < len(places) else 'display="none"'
        return f'{found[0].replace("<g ", "<g data-points ", 1)}<g class="marker" {shown}><line y1="-400" y2="400"/><circle r="9"/></g>'

    return Markup(_POINTS.sub(put, str(svg), count=1))  # our own picture, and figures that it has itself
