"""A chart: one definition for the page, the picture and the web, and the same said in words and as a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from allocator.charts.style import NARROW, WIDE, for_page, one_image, styled
from allocator.report.table import Table

_OPENING = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True, eq=False)
class Chart:
    """A picture of a few figures. `draw(width)` makes the Altair chart that is `width` pixels wide; `name` is good for a file.

    `sentence` says what there is to see, with the figures, for those who do not see it; `table` has all of them.
    """

    name: str
    title: str
    sentence: str
    table: Table
    draw: Callable[[int], Any]

    def spec(self, width: int = WIDE) -> dict[str, Any]:
        """The chart as a Vega-Lite specification, data included."""
        from altair.utils.schemapi import debug_mode  # loaded by whoever draws, not by whoever could

        # Altair checks each part against its schema again and again, which takes ten times as long as drawing; tests check the whole.
        with debug_mode(False):
            drawn: dict[str, Any] = self.draw(width).to_dict(validate=False)
        return styled(drawn, width) | {"title": self.title, "description": self.sentence}

    def svg(self, width: int = WIDE) -> str:
        """A picture that can stand alone, on white, with its title and description."""
        import vl_convert

        svg: str = vl_convert.vegalite_to_svg(self.spec(width) | {"background": "white"})
        return self._described(svg, self.name, ' xmlns="http://www.w3.org/2000/svg"')

    def png(self, width: int = WIDE, scale: float = 2) -> bytes:
        """The same as pixels, on white."""
        import vl_convert

        pixels: bytes = vl_convert.vegalite_to_png(self.spec(width) | {"background": "white"}, scale=scale)
        return pixels

    def inline(self, width: int = WIDE) -> str:
        """The picture as part of a page: without a title in the picture, in the page's colours."""
        import vl_convert

        spec = {key: value for key, value in self.spec(width).items() if key != "title"}
        name = f"{self.name}-{width}"
        return self._described(for_page(vl_convert.vegalite_to_svg(spec), name), name)

    @property
    def widths(self) -> tuple[int, int]:
        """The two widths that a page holds, for wide and for narrow screens."""
        return WIDE, NARROW

    def _described(self, svg: str, name: str, space: str = "") -> str:
        """An SVG as one image with a name and a description."""
        width, height = _SIZE.search(svg).groups()  # type: ignore[union-attr]
        opening = (
            f'<svg{space} width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
            f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(self.title)}</title>'
            f'<desc id="{name}-desc">{escape(self.sentence)}</desc>'
        )
        return _OPENING.sub(lambda _: opening, one_image(svg), count=1)
