"""Charts: sound Vega-Lite, pictures that draw without a browser, colours that everybody can tell apart, and words and tables with the same figures."""

from __future__ import annotations

import json
import re
from itertools import combinations
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest

from allocator.charts.base import Chart
from allocator.charts.closing import closing
from allocator.charts.files import write_charts
from allocator.charts.flow import flow
from allocator.charts.frontier import frontier
from allocator.charts.quality import quality
from allocator.charts.reservations import reservations
from allocator.charts.staff import staff
from allocator.charts.style import DAY, NARROW, NIGHT, WIDE
from allocator.charts.targets import targets
from allocator.constraints.base import Standing
from allocator.promises import ReservationLine
from allocator.trace import Moment

EVIL = '<b onload="x">&amp;"]]>'


def line(label: str, filled: int, promised: int, mode: str = "minimum_best_effort") -> ReservationLine:
    short = 0 if mode == "cap" else max(0, promised - filled)
    return ReservationLine(label, "any partner", "all slots", mode, 20, promised, float(promised), 9, 0, filled, 0, "", short, "")


LINES = [line("kept", 5, 5), line(EVIL, 2, 8), line("cap", 3, 9, "cap"), line("none promised", 0, 0)]
FRONTIER = pd.DataFrame(
    {
        "value": [0.2, 0.0, 0.1, 0.3],
        "placed": [8, 10, 10, None],
        "price_below": [1.5, None, 0, None],
        "price_above": [2, 0, 1.5, None],
        "dominated": [False, True, False, False],
    }
)
TRACE = [Moment(0.1, "placements", None, 9), Moment(0.4, "placements", 7, 9), Moment(0.9, "placements", 8, 8), Moment(1.0, "match_quality", 12.5, 12.5)]
CHARTS: dict[str, Chart | None] = {
    "reservations": reservations(LINES, [one.label for one in LINES]),
    "targets": targets([Standing("business_target", "health", "goal", 4, at_least=6), Standing("business_target", EVIL, "maximum", 4, at_most=3)]),
    "staff": staff([Standing("staff_capacity", "coaches", f"COACH{k}", k % 5, at_most=4, unit="points") for k in range(50)], {"COACH1": 3}),
    "quality": quality("tier", [("tier 1", [float(k) for k in range(11)]), (EVIL, [50.0] * 10)]),
    "flow": flow(same=15, moved=4, lost=2, newly_placed=3),
    "flow, nobody": flow(same=0, moved=0, lost=0, newly_placed=0),
    "closing": closing(TRACE),
    "frontier": frontier(FRONTIER, "share of partners"),
    "frontier, none": frontier(FRONTIER[3:], "share"),
}


@pytest.fixture(params=list(CHARTS))
def chart(request: pytest.FixtureRequest) -> Chart:
    found = CHARTS[request.param]
    assert found is not None
    return found


def test_a_chart_is_vega_lite_with_its_data_and_draws_at_both_widths(chart: Chart) -> None:
    for width in (WIDE, NARROW):
        spec = json.loads(json.dumps(chart.spec(width)))
        alt.Chart.from_dict(spec)
        assert '"url"' not in json.dumps(spec.get("data", {})) + json.dumps(spec.get("datasets", {}))
        for svg in (chart.svg(width), chart.inline(width)):
            tree = ElementTree.fromstring(svg)
            assert float(tree.attrib["width"]) <= width + 12
            assert tree.attrib["role"] == "img"
            assert [child.text for child in tree[:2]] == [chart.title, chart.sentence]
            assert [one.attrib for one in tree.iter() if "role" in one.attrib or "aria-label" in one.attrib] == [tree.attrib]


def test_a_chart_on_a_page_takes_its_colours_from_the_page(chart: Chart) -> None:
    svg = chart.inline()
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) <= {f"var(--{role})" for role in DAY} | {"none", "transparent"}
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert all(one.startswith(f"{chart.name}-{WIDE}") for one in ids)
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(ids)


def _lightness(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_lightness(one), _lightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_colours_stand_out_from_their_ground(colours: dict[str, str]) -> None:
    assert len(set(colours.values())) == len(colours)
    for role in ("ink", "quiet", "main"):
        assert contrast(colours[role], colours["ground"]) >= 4.5
    for role in ("main", "short", "other", "fourth"):
        assert contrast(colours[role], colours["ground"]) >= 4.5, "figures are written on it in the colour of the ground"
        assert contrast(colours[role], colours["track"]) >= 3
    assert contrast(colours["ink"], colours["track"]) >= 4.5


def _seen_by(colour: str, kind: str) -> tuple[float, float, float]:
    """How an eye without one kind of cone sees a colour (Vienot, Brettel and Mollon 1999; linear RGB)."""
    red, green, blue = ((int(colour[k : k + 2], 16) / 255) ** 2.2 for k in (1, 3, 5))
    if kind == "protan":
        return (0.11238 * red + 0.88762 * green, 0.11238 * red + 0.88762 * green, 0.00401 * red - 0.00401 * green + blue)
    return (0.29275 * red + 0.70725 * green, 0.29275 * red + 0.70725 * green, -0.02234 * red + 0.02234 * green + blue)


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_colours_that_lie_side_by_side_differ_without_red_or_green(colours: dict[str, str], kind: str) -> None:
    for one, other in (("main", "short"), ("main", "other"), ("main", "fourth"), ("fourth", "short"), ("fourth", "other")):
        seen = [[part ** (1 / 2.2) if part > 0 else 0 for part in _seen_by(colours[role], kind)] for role in (one, other)]
        assert sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5 > 0.1, (one, other)
    assert len(list(combinations(colours, 2))) > 3


def test_words_have_the_figures() -> None:
    said = {name: chart.sentence for name, chart in CHARTS.items() if chart is not None}
    assert said["reservations"] == f"4 promises: 3 kept; short of {EVIL} 6."
    assert said["targets"] == f"2 targets: 0 reached; missed health by 2, {EVIL} by 1."
    assert said["staff"].startswith("50 staff members: 10 have no room left: COACH14")
    assert said["staff"].endswith("and 2 more. The chart shows the 40 fullest.")
    assert said["quality"] == f"The median match scores between 5.0 points (tier 1) and 50.0 ({EVIL})."
    assert said["flow"] == "Of 21 people placed before: 15 in the same slot, 4 in another, 2 without one; 3 newly placed, 22 in all now."
    assert said["closing"] == "Value and bound: placements met at 8 after 0.9 s."
    assert said["frontier"].endswith("placed goes from 10 people (at 0) down to 8 (at 0.2); 1 of 3 points is beaten by another.")
    assert said["frontier, none"] == "No value of share allows a plan."


def test_tables_have_everything() -> None:
    tables = {name: chart.table for name, chart in CHARTS.items() if chart is not None}
    assert [row[2:] for row in tables["reservations"].rows] == [(one.promised, one.filled, one.short) for one in LINES]
    assert len(tables["staff"].rows) == 50
    assert ("COACH1", "coaches", 3, 1, 7, 3) in tables["staff"].rows
    assert tables["frontier"].rows[-1] == (0.3, None, None, None, "no")
    assert [row[0] for row in tables["frontier"].rows] == [0.0, 0.1, 0.2, 0.3]
    assert tables["frontier"].lines[0] == ["0.00", "10", "not known", "0", "yes"]
    assert len(tables["closing"].rows) == len(TRACE)


def test_a_run_that_told_nothing_twice_has_no_picture() -> None:
    assert closing([]) is None
    assert closing([Moment(0.1, "placements", 3, 3), Moment(0.2, "match_quality", 1, 1)]) is None


def test_charts_as_files(tmp_path) -> None:
    chart = flow(same=15, moved=4, lost=2, newly_placed=3)
    svg, png, spec = write_charts([chart], tmp_path / "charts")
    assert [file.name for file in (svg, png, spec)] == ["flow.svg", "flow.png", "flow.vl.json"]
    assert ElementTree.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert json.loads(spec.read_text())["$schema"].startswith("https://vega.github.io/schema/vega-lite/v6")
