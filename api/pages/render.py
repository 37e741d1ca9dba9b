"""Templates into pages: what they show is escaped, an unknown name is an error, and figures, moments and money are written in one way everywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from api.pages import static_files
from api.pages.rule_names import rule_name
from api.pages.words import catalogue, say

THINGS = {"dataset": "data", "run": "runs", "publication": "publications", "scenario": "scenarios"}
"""Where things have their pages, by the word that their ids begin with."""
IDS = re.compile(rf"(?:\b(?P<word>{'|'.join(THINGS)}) )?(?P<id>\b(?P<kind>{'|'.join(THINGS)})_[0-9a-z]{{26}})\b")
UNKNOWN = "–"
"""What stands where a figure is not known."""


def render(name: str, given: dict[str, Any]) -> str:
    """A template with what it is given."""
    return environment().get_template(name).render(given)


@cache
def environment() -> Environment:
    """The templates of the pages."""
    made = Environment(loader=PackageLoader("api.pages", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "moment": moment,
        "day": day,
        "linked": linked,
        "plain_moment": plain_moment,
        "number": number,
        "percent": percent,
        "money": money,
        "seconds": seconds,
        "signed": signed,
        "until": until,
    }
    made.tests |= {"worded": worded}
    made.globals |= {"say": say, "static": static, "once": once, "rule_name": rule_name, "bar": bar, "now": lambda: datetime.now(UTC)}
    return made


def static(name: str) -> str:
    """The address of one of our files."""
    return f"/static/{static_files.digest()}/{name}"


def once() -> Markup:
    """The hidden field that lets a form be sent twice and count once."""
    return Markup('<input type="hidden" name="once" value="{}">').format(uuid4().hex)


def moment(value: datetime | str | None) -> Markup | str:
    """A moment, to the minute, in UTC; the page's script writes it in the reader's own zone."""
    if not value:
        return UNKNOWN
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(timespec="seconds"), f"{at:%b} {at.day}, {at:%Y, %H:%M}")


def linked(text: str) -> Markup:
    """A sentence of the API in which ids are links that say what they lead to, as nobody reads ids."""

    def link(found: re.Match[str]) -> Markup:
        kind = found["kind"]
        return Markup('<a href="/{}/{}">{}</a>').format(THINGS[kind], found["id"], found["word"] or say(f"frame.thing.{kind}"))

    # What stands between the ids is escaped piece by piece; only the links are markup.
    pieces, done = [], 0
    for found in IDS.finditer(text):
        pieces += [escape(text[done : found.start()]), link(found)]
        done = found.end()
    return Markup("").join([*pieces, escape(text[done:])])


def plain_moment(value: datetime | str) -> str:
    """A moment where no markup can stand, such as in a list to choose from."""
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    return f"{at:%b} {at.day}, {at:%H:%M} UTC"


def day(value: str | None) -> Markup | str:
    """A day."""
    if not value:
        return UNKNOWN
    at = datetime.fromisoformat(value)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%d}", f"{at:%b} {at.day}, {at:%Y}")


def number(value: float | None, digits: int = 2) -> str:
    """A number: whole ones whole, others with few decimals."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.{digits}f}"


def signed(value: float | None) -> str:
    """A difference, with its sign; a true minus, which lines up with plus."""
    if value is None:
        return UNKNOWN
    return "±0" if value == 0 else f"{'+' if value > 0 else '−'}{number(abs(value))}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share between 0 and 1."""
    return UNKNOWN if value is None else f"{value:.{digits}%}"


def money(cents: float | None) -> str:
    """An amount in cents, in dollars."""
    return UNKNOWN if cents is None else f"${cents / 100:,.2f}"


def seconds(value: float | None) -> str:
    """A time that passed."""
    if value is None:
        return UNKNOWN
    if value < 90:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def until(begin: datetime | str, end: datetime | str | None = None) -> float:
    """Seconds from a moment to another, or to now."""
    first, last = (datetime.fromisoformat(each) if isinstance(each, str) else each for each in (begin, end or datetime.now(UTC)))
    return (last - first).total_seconds()


def worded(name: str) -> bool:
    """Whether there is a text of this name."""
    return name in catalogue("en")


def bar(value: float, of: float, label: str) -> Markup:
    """A bar that is filled as far as a value reaches; `label` says the same in words."""
    share = 0.0 if of <= 0 else max(0.0, min(1.0, value / of))
    full = "" if value < of else " full"
    return Markup(
        '<svg class="bar{}" role="img" aria-label="{}" viewBox="0 0 100 8" preserveAspectRatio="none"><rect class="track" width="100" height="8"/>'
        '<rect class="fill" width="{}" height="8"/></svg>'
    ).format(full, escape(label), f"{100 * share:.1f}")
