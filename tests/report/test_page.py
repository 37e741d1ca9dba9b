"""The page: its figures are the result's, its markup is sound and inert, it names nobody unless asked, and it asks for nothing outside itself."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser

import pytest

from allocator.equity import equity
from allocator.opened import Opened
from allocator.program_report import program_report
from allocator.report.glossary import WORDS
from allocator.report.page import page
from allocator.report.sections import sections
from allocator.report.table import Column
from tests.browser import axe, opened
from tests.report.worlds import EVIL, stuck, town
from tests.test_house import ROOT

VOID = {"meta", "br", "link", "img", "input", "path", "rect", "line", "hr"}


class Page(HTMLParser):
    """The tree of a page, as far as these tests ask: tags opened and closed, attributes, texts of headings, tables by the id of their caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._cell = False
        self.feed(text)
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "caption":
            self.tables[given["id"]] = []
        if tag == "tr":
            next(reversed(self.tables.values())).append([])
        if tag in ("td", "th"):
            next(reversed(self.tables.values()))[-1].append("")
            self._cell = True

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data):
        self.text += data
        if self._cell:
            next(reversed(self.tables.values()))[-1][-1] += data

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@cache
def written(of: Opened, *, people: bool = False) -> str:
    return page(of, sections(of, people=people))


@pytest.fixture(scope="module", params=[town, stuck], ids=["town", "stuck"])
def told(request) -> tuple[Opened, str, Page]:
    of = request.param()
    text = written(of)
    return of, text, Page(text)


def test_the_page_is_sound(told) -> None:
    _, text, tree = told
    assert text.lstrip().startswith("<!doctype html>")
    assert tree.all("html") == [{"lang": "en"}]
    assert [len(tree.all(tag)) for tag in ("title", "header", "nav", "main", "footer", "h1")][1:] == [1] * 5
    assert tree.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(tree.headings, tree.headings[1:], strict=False))
    ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tree.tags:
        for name in ("aria-labelledby", "href"):
            assert all(one.lstrip("#") in ids for one in attributes.get(name, "").split()), attributes


def test_the_page_needs_nothing_outside_itself(told) -> None:
    _, text, tree = told
    assert [tag for tag, _ in tree.tags if tag in ("script", "link", "iframe", "object", "embed", "img", "form", "base")] == []
    assert not re.search(r"https?://|//[a-z]|@import|url\((?!#)", text)
    assert not any(name.startswith("on") for _, attributes in tree.tags for name in attributes)
    assert {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"} in tree.all("meta")


def test_markup_in_ids_and_labels_stays_text(told) -> None:
    of, text, tree = told
    assert EVIL not in text
    assert EVIL in tree.text
    assert of.result.scenario_name in tree.text


def test_every_chart_has_a_name_a_description_and_its_table(told) -> None:
    of, _, tree = told
    charts = [section for section in sections(of) if section.chart is not None]
    pictures = tree.all("svg")
    assert len(pictures) == 2 * len(charts)
    assert all(picture["role"] == "img" and picture["aria-labelledby"] for picture in pictures)
    for section in charts:
        assert section.chart.sentence
        lines = tree.tables[f"{section.name}-data"]
        assert lines[0] == [column.name for column in section.chart.table.columns]
        assert lines[1:] == section.chart.table.lines
        assert len(lines) > 1


def test_every_column_and_every_row_has_its_heading(told) -> None:
    _, _, tree = told
    for attributes in tree.all("th"):
        assert attributes["scope"] in ("col", "row")
    assert len(tree.all("caption")) == len(tree.all("table")) > 0


def test_the_figures_are_those_of_the_result() -> None:
    of = town()
    answer = json.loads(json.dumps(of.result.as_dict()))
    tree = Page(written(of))
    number = Column("", "number").write
    assert f"{answer['placed']} of {answer['seekers']} people placed in {answer['openings']} openings; proved best." in tree.text
    goals = tree.tables["goals-table"][1:]
    assert [line[1:4] for line in goals] == [[number(goal["value"]), number(goal["bound"]), goal["unit"]] for goal in answer["goals"]]
    promises = tree.tables["reservations-table"][1:]
    keys = ("openings", "promised", "supply", "filled", "released", "short")
    assert [line[3:9] for line in promises] == [[number(line[key]) for key in keys] for line in answer["reservations"]]
    assert any(line["short"] for line in answer["reservations"])
    targets = [rule for rule in answer["rules"] if rule["kind"] == "business_target"]
    assert [line[2:] for line in tree.tables["targets-data"][1:]] == [
        [number(rule["achieved"]), number(rule["required"]), number(-rule["slack"])] for rule in targets
    ]
    staff = {rule["key"]: rule for rule in answer["rules"] if rule["kind"] == "staff_capacity"}
    assert {line[0]: line[3:6:2] for line in tree.tables["staff-data"][1:]} == {
        key: [number(rule["achieved"]), number(rule["slack"])] for key, rule in staff.items()
    }
    assert {line[0]: line[2] for line in tree.tables["staff-data"][1:]} == {"COACH": "3", "OTHER": "0"}
    (money,) = tree.tables["money-table"][1:]
    (budget,) = (rule for rule in answer["rules"] if rule["kind"] == "budget")
    assert money[2:5] == [f"${budget[key] / 100:,.2f}" for key in ("achieved", "at_most", "slack")]
    assert sum(int(line[1]) for line in tree.tables["unplaced-table"][1:]) == answer["seekers"] - answer["placed"]
    tiers = {f"priority of service, {line[0]}": line[3] for line in tree.tables["tiers-table"][1:]}
    assert {name: tiers[name] for name, *_ in goals if name in tiers} == {name: value for name, value, *_ in goals if name in tiers} != {}
    for digest in answer["digests"].values():
        assert digest in tree.text


def test_changes_against_the_reference_add_up() -> None:
    of = town()
    tree = Page(written(of))
    now = dict(of.result.plan())
    before = {row.seeker_id: row.slot_id for row in of.scenario.tables["reference"].itertuples()}
    lines = {line[0]: (int(line[1]), int(line[2])) for line in tree.tables["changes-data"][1:]}
    same = sum(now.get(person) == slot for person, slot in before.items())
    moved = sum(person in now for person in before) - same
    assert lines["in the same slot"] == (same, same)
    assert lines["in another slot"] == (moved, moved)
    assert lines["placed before, not now"] == (len(before) - same - moved, 0)
    assert lines["newly placed"] == (0, len(now) - same - moved)


@pytest.mark.parametrize("of", [town, stuck])
def test_nobody_is_named_unless_asked(of) -> None:
    text = Page(written(of())).text
    assert "PERSON-" not in text
    assert f"{EVIL}0" not in text


def test_people_are_listed_where_asked_and_nothing_protected_is_said_of_them() -> None:
    of = town()
    lines = Page(written(of, people=True)).tables["assignments-table"]
    assert lines[0] == ["seeker", "slot", "employer", "occupation", "wage per hour", "score"]
    assert [(line[0], line[1]) for line in lines[1:]] == of.result.plan()
    assert not {*lines[0]} & {"tier", "partner", "population", "populations", "veteran"}


def test_an_infeasible_result_says_what_would_have_to_give_way() -> None:
    of = stuck()
    assert of.result.status == "infeasible"
    tree = Page(written(of))
    assert "No plan keeps every rule of this policy; proved." in tree.text
    assert len(tree.tables["bends-table"]) == 1 + len(of.result.bends) > 1
    assert "reservations-table" not in tree.tables


def test_the_words_are_those_of_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    terms = {term.strip() for row in re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE) for term in row.split(",")}
    assert set(WORDS) <= terms


def test_the_same_result_gives_the_same_bytes() -> None:
    of = town()
    again = Opened.of(of.scenario, of.result)
    assert written(of) == page(again, sections(again))


LOOKS = ((town, False, 1100, 1), (town, True, 1100, 1), (town, True, 320, 1), (town, False, 1280, 2), (stuck, False, 320, 1))
"""Which page, whether at night, how wide, how near."""


def test_the_page_passes_axe_in_a_real_browser_and_asks_for_nothing(chromium, tmp_path) -> None:
    for of, dark, width, zoom in LOOKS:
        path = tmp_path / "page.html"
        path.write_text(written(of(), people=True), "utf-8")
        shown, asked = opened(chromium, path, width=width, dark=dark, zoom=zoom)
        assert asked == []
        shown.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert axe(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, zoom)
        seen = "[...document.querySelectorAll('svg')].filter(one => one.getBoundingClientRect().width).length"
        assert shown.evaluate(seen) * 2 == shown.evaluate("document.querySelectorAll('svg').length")
        shown.context.close()


def test_the_keyboard_meets_the_skip_link_first_and_sees_where_it_is(chromium, tmp_path) -> None:
    path = tmp_path / "town.html"
    path.write_text(written(town()), "utf-8")
    shown, _ = opened(chromium, path)
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.className") == "skip"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"
    shown.context.close()


def test_equity_and_the_program_report_are_those_of_their_own_modules() -> None:
    of = town()
    tree = Page(written(of))
    rates = [line for line in equity(of.plan).lines if line.step == "placed of the pool"]
    lines = tree.tables["equity-table"][1:]
    assert [line[0] for line in lines] == [f"{rate.attribute}: {rate.group}".replace("_", " ") for rate in rates]
    assert [line[1] for line in lines] == ["hidden" if rate.verdict == "hidden" else "" if rate.base is None else f"{rate.base:,}" for rate in rates]
    measures = program_report(of.plan)
    (first,) = (line for line in tree.tables["program-table"] if line[1] == "Participants")
    assert first[4] == f"{measures.of('Results', 'Participants').everybody:,} people"
