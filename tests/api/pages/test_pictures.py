"""Charts as pages hold them: drawn once for the same figures, and not kept without end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.charts.base import Chart
from allocator.charts.closing import closing
from allocator.trace import Moment
from api.pages import pictures


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The widths at which charts are drawn from now on, with none kept from before."""
    made: list[int] = []
    draw = Chart.inline

    def inline(chart: Chart, width: int = 0) -> str:
        made.append(width)
        return draw(chart, width)

    monkeypatch.setattr(Chart, "inline", inline)
    monkeypatch.setattr(pictures, "_kept", type(pictures._kept)())
    return made


def chart(value: float) -> Any:
    return closing([Moment(seconds=float(at), goal="match_quality", value=value + at, bound=100.0) for at in range(3)])


def test_the_same_figures_are_drawn_once_and_others_anew(drawn: list[int]) -> None:
    first, same = (pictures.picture(chart(1)) for _ in range(2))
    assert (first.wide, first.narrow) == (same.wide, same.narrow)
    assert len(drawn) == 2, "one for wide and one for narrow screens"
    other, named = pictures.picture(chart(2)), pictures.picture(replace(chart(1), name="another"))
    assert len(drawn) == 6
    assert len({first.wide, other.wide, named.wide}) == 3
    assert 'id="another-' in named.wide, "a page with both has every id once"


def test_the_longest_unseen_goes_first(drawn: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_CHARTS", 2)
    for value in (1, 2, 1, 3):
        pictures.picture(chart(value))
    assert len(drawn) == 6
    pictures.picture(chart(1))
    assert len(drawn) == 6
    pictures.picture(chart(2))
    assert len(drawn) == 8
