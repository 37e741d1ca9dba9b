"""Every sentence of an explanation, from its code and numbers. Two registers: `internal` for staff, `seeker` for the person concerned, in two languages.

The catalogue of templates is beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from allocator.explanations.catalogue import AND, GIVING, INTERNAL, KINDS, MENDS, REFUSING, SEEKER, Language
from allocator.wording import goal_words, refusals

Register = Literal["internal", "seeker"]
Numbers = Mapping[str, Any]

SEEKER_FACTS = ("slot", "score", "components", "open_slot", "options", "slots", "refusing", "undecided")
"""Numbers that a seeker may see: their own."""
MOST_NAMED = 4
"""Things of one kind that a sentence names before it counts the rest."""


def said(code: str, numbers: Numbers, register: Register = "internal", language: Language = "en") -> str:
    """The sentence of a code with its numbers."""
    templates = INTERNAL if register == "internal" else SEEKER[language]
    spoken = _Spoken(numbers, register, language)
    pieces = (_filled(piece, spoken) for piece in templates[code])
    text = " ".join(piece for piece in pieces if piece)
    return text[:1].upper() + text[1:]


def _filled(piece: str, spoken: _Spoken) -> str:
    if piece.startswith("?"):
        condition, piece = piece[1:].split(" ", 1)
        if not spoken.numbers.get(condition):
            return ""
    words = {name: spoken.word(name) for name in re.findall(r"\{(\w+)\}", piece)}
    return "" if any(word is None for word in words.values()) else piece.format(**words)


class _Spoken:
    """Numbers as words."""

    def __init__(self, numbers: Numbers, register: Register, language: Language) -> None:
        self.numbers, self.register, self.language = numbers, register, language

    def word(self, name: str) -> str | None:
        """One number as words; None where it is not there."""
        value: Any = self._kind_of(name) if name.endswith("_kind") else self.numbers.get(name)
        if value is None or value == [] or value == {}:
            return None
        say: Callable[[Any], str] | None = getattr(self, f"_{name}", None)
        if say is not None:
            return say(value)
        if name in ("cost", "next_cost"):
            return amount(value)
        if name == "row":
            return str(value["words"])
        return _plain(value)

    def _kind_of(self, name: str) -> str | None:
        """What kind of thing decided, for somebody who is to hear no more."""
        source = {"row_kind": "row", "goal_kind": "cost"}[name]
        value = self.numbers.get(source) or next(iter(self.numbers.get("rows") or []), None)
        kinds = KINDS[self.language]
        return kinds.get(str(value.get("kind", "")), kinds[""]) if value else kinds[""]

    def _components(self, value: Mapping[str, float | None]) -> str:
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items() if part is not None)

    def _paid(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{row['words']} ({amount(row['price'])})" if row.get("price") else str(row["words"]) for row in value])

    def _rows(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([str(row["words"]) for row in value])

    def _refused(self, value: Mapping[str, int]) -> str:
        return refusals(value)

    def _refusing(self, value: Sequence[str]) -> str:
        words = REFUSING[self.language]
        return "; ".join(dict.fromkeys(words.get(kind, words[""]) for kind in value))

    def _reasons(self, value: Sequence[str]) -> str:
        return " ".join(value)

    def _options(self, value: int) -> str:
        if self.language == "es":
            return f"{value} vacante{'' if value == 1 else 's'}"
        return f"{value:,} slot{'' if value == 1 else 's'}" if self.register == "internal" else f"{value:,} opening{'' if value == 1 else 's'}"

    def _open(self, value: int) -> str:
        return f"{value} opening{'' if value == 1 else 's'}"

    def _waiting(self, value: int) -> str | None:
        return None if not value else f"{value:,} {'person' if value == 1 else 'people'}"

    def _eligible(self, value: int) -> str:
        return "the one person whom it admits holds" if value == 1 else f"all {value:,} people whom it admits hold"

    def _swap_row(self, value: Mapping[str, Any]) -> str:
        return str(value["words"])

    def _holders(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{one['seeker_id']} ({_plain(one['score'])} points, tier {one['tier']})" for one in value])

    def _swap(self, value: Mapping[str, Any]) -> str:
        whose = f"taking {value['slot']} instead of {value['instead_of']}" if value["instead_of"] else f"taking the opening at {value['slot']}"
        return f"{whose}, costs {amount(value['cost'])}" if value["cost"] else f"{whose}, costs nothing"

    _move = _swap

    def _moves(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{one['seeker_id']} from {one['from'] or 'no slot'} to {one['to'] or 'no slot'}" for one in value])

    def _keeping(self, value: Sequence[str]) -> str:
        return _listed(list(value))

    def _mends(self, value: Sequence[Mapping[str, str]]) -> str:
        words = MENDS[self.language]
        return _joined([words[str(mend["kind"])].format(what=mend.get("what", "")) for mend in value], AND[self.language])

    def _giving(self, value: Sequence[Mapping[str, Any]]) -> str:
        if self.register == "seeker":
            words = GIVING[self.language]
            return _joined(list(dict.fromkeys(words.get(str(row["kind"]), words[""]) for row in value)), AND[self.language])
        return _joined([_giving_way(row) for row in value], "and")

    def _more_less(self, value: Mapping[str, Any]) -> str:
        parts = [f"one {side} {_effect(value[side])}" for side in ("more", "less") if value.get(side)]
        text = "; ".join(parts)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


def amount(value: Mapping[str, Any]) -> str:
    """What is lost in a goal, in its own words: `{kind, label, unit, least, most, first}`."""
    least, most = value["least"], value["most"]
    count = _between(least, most)
    one = least == 1 and most in (1, None)
    kind, label = value["kind"], value["label"]
    what = {
        "shortfall": f"promised {'seat' if one else 'seats'} (by weight)",
        "priority_of_service": f"{'placement' if one else 'placements'} of {label}",
        "placements": "placement" if one else "placements",
        "match_quality": f"{'point' if one else 'points'} of match quality",
        "stability": f"{'place' if one else 'places'} kept",
        "lottery": "lots",
    }.get(kind, f"{value['unit']} of {label}")
    rest = "" if value.get("first", True) else ", or something of a goal before it"
    return f"{count} {what}{rest}"


def _between(least: float, most: float | None) -> str:
    if least == most:
        return _plain(least)
    if most is None:
        return f"at least {_plain(least)}"
    return f"{_plain(least)} to {_plain(most)}" if least else f"at most {_plain(most)}"


def _effect(value: Mapping[str, Any]) -> str:
    telling = value["telling"]
    if telling == "equal":
        return "changes nothing"
    if telling == "impossible":
        return "leaves no plan"
    if telling == "open":
        return f"was not settled in time (it concerns {goal_words(value['kind'], value['label'])})" if value.get("label") else "was not settled in time"
    if telling == "price":
        return f"is worth about {amount(value)}, by the linear relaxation"
    return f"{'costs' if telling == 'worse' else 'brings'} {amount(value)}"


def _giving_way(row: Mapping[str, Any]) -> str:
    """A row that gives way, as something that one could do."""
    kind, by, name = row["kind"], int(row["by"]), str(row["words"])
    many = "" if by == 1 else "s"
    count = "one" if by == 1 else f"{by:,}"
    if kind == "slot_openings":
        return f"{count} more opening{many} at {row['key']}"
    if kind == "staff_capacity":
        return f"{count} more point{many} of staff capacity for {row['key']}"
    if kind == "budget":
        return f"${by / 100:,.2f} more of {row['label']}"
    if kind == "employer_limit":
        return f"room for {count} more trainee{many} at {row['key']}"
    if kind == "reverse_referral_cap":
        return f"{count} more reverse referral{many}"
    if kind == "change_limit":
        return f"{count} more {'person' if by == 1 else 'people'} who may move"
    if kind in ("pins", "commitments"):
        return f"lifting {row['key']}"
    if row.get("share_then"):
        return f"a promise of {row['share_then']} instead of {row['share_now']} for {row['label']} ({row['then']:,} instead of {row['now']:,} seats)"
    if "then" in row:
        return f"{row['then']:,} instead of {row['now']:,} for {name}"
    return f"{name} giving way by {by:,}"


def _plain(value: Any) -> str:
    """Whole numbers with separators, others with up to two decimals."""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _listed(items: Sequence[str]) -> str:
    """The first few, and how many more."""
    return _joined(items if len(items) <= MOST_NAMED else [*items[:MOST_NAMED], f"{len(items) - MOST_NAMED:,} more"], "and")


def _joined(items: Sequence[str], word: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"
