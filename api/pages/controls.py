"""Form controls of a rule, drawn from what the API says its parameters may be, and what was entered in them as values.

A parameter's type is told in words, as somebody who fills in a form would say it (`whole number, 0 to 3,650`). Each form of words has one kind of control;
a rule that somebody adds tomorrow has its form at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from api.pages.rule_names import spelled
from api.pages.words import catalogue, say

BEFORE = "p."
"""What names of fields begin with, so that a parameter called like another field of the form is told from it."""
GROUPS = ("Beneficiaries", "Scope")
LISTS = ("list of lists of texts",)
AT_FIRST = {
    "reservation": ("share", "count", "mode", "price", "denominator", "beneficiaries", "scope"),
    "match_quality": ("weights",),
}
"""Parameters of rules that have many, which are seen at once; the others stand under "More settings"."""
ELSEWHERE = (("pins", "pins"),)
"""Parameters with a place of their own on the page."""
LONGEST = 40
"""Signs, and digits, of the longest number that is taken for one."""
MOST_STEPS = 100
"""Steps of a release that a form is looked through for."""
CODES = {"sectors": ("sector", (3, 2)), "occupations": ("occupation", (7, 2)), "counties": ("county", ())}
"""Lists of the facts whose names are official codes: where the words for them are, and how long the codes of wider groups are."""
MONEY = ("available", "committed", "wage_cap", "contract_maximum")
"""Numbers that are dollars."""
NAMES_OF = {"funding_stream": "funding_streams", "role": "roles"}
"""Texts that are names of the facts, and which."""


class Given(Protocol):
    """What was entered."""

    def get(self, name: str, /) -> Any:
        """One value of a field."""

    def getlist(self, name: str, /) -> list[Any]:
        """All values of a field."""


def controls(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The controls of a rule of `/v1/rules`, in the order of its parameters; those that are seen at once first."""
    models = {model["name"]: model["parameters"] for model in rule["models"]}
    kind = rule["kind"]
    made = [_control(kind, line, models) for line in rule["parameters"] if (kind, line["name"]) not in ELSEWHERE]
    first = AT_FIRST.get(kind)
    for control in made:
        control["more"] = first is not None and control["name"] not in first
    return sorted(made, key=lambda control: (control["more"], first.index(control["name"]) if first and not control["more"] else 0))


def _control(kind: str, line: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    name, told = line["name"], line["type"]
    control: dict[str, Any] = {"name": name, "field": BEFORE + name, "label": _label(kind, name), "about": _about(kind, name, line["about"])}
    control |= {"required": line["required"], "default": line["default"]}
    choices = re.findall(r"`([^`]+)`", told)
    if name == "share" and told.startswith("number, 0 to 1"):
        return control | {"is": "share"}
    if told.startswith(("whole number", "number")):
        return control | {"is": "number", "step": "1" if told.startswith("whole") else "any", **_limits(told)}
    if told == "true or false":
        return control | {"is": "yes_no"}
    if told in ("text", "date"):
        return control | {"is": told, "names": NAMES_OF.get(name, "")}
    if told in GROUPS:
        return control | {"is": "group", "parts": [{"name": part["name"], "label": word_of("part", part["name"])} for part in models[told]]}
    if told == "Release":
        return control | {"is": "steps"}
    if told in models:
        inner = [_control(kind, part, models) for part in models[told]]
        return control | {"is": "numbers", "parts": [{**part, "field": f"{control['field']}.{part['name']}"} for part in inner]}
    if told.startswith("list of `") or told.startswith("`"):
        named = [{"value": value, "label": word_of("choice", value), "about": _means(value)} for value in choices]
        return control | {"is": "several" if told.startswith("list") else "choice", "choices": named}
    if told in LISTS:
        return control | {"is": "lines"}
    if told.startswith("table of name"):
        return control | {"is": "counts"}
    if told.startswith("list of whole numbers"):
        return control | {"is": "wholes"}
    # A type of a parameter that no rule has yet; a test makes the control of every parameter of every rule, so that nobody meets this on a page.
    raise NotImplementedError(told)


def _limits(told: str) -> dict[str, str]:
    text = told.replace(",", "")
    low = re.search(r"(?:at least|above) ([\d.]+)", text) or re.search(r"([\d.]+) to [\d.]+", text)
    high = re.search(r"(?:at most|below) ([\d.]+)", text) or re.search(r"[\d.]+ to ([\d.]+)", text)
    return {"low": low[1] if low else "", "high": high[1] if high else ""}


# -- words ----------------------------------------------------------------------------------------------------------


def _label(kind: str, name: str) -> str:
    """What a parameter is called."""
    for key in (f"{kind}-{name}", name):
        if f"scenario.parameter.{key}" in catalogue("en"):
            return say(f"scenario.parameter.{key}")
    return spelled(name)


def _about(kind: str, name: str, about: str) -> str:
    for key in (f"{kind}-{name}", name):
        if f"scenario.hint.{key}" in catalogue("en"):
            return say(f"scenario.hint.{key}")
    return about


def _means(value: str) -> str:
    """What a choice means, where that needs saying."""
    return say(f"scenario.means.{value}") if f"scenario.means.{value}" in catalogue("en") else ""


def word_of(what: str, name: str) -> str:
    """The plain word for a code of the data or the policy; the code itself with spaces where there is none."""
    if what == "part":
        return say(f"scenario.part.{name}") if f"scenario.part.{name}" in catalogue("en") else spelled(name)
    if what == "tiers":
        return say("scenario.tier", tier=name)
    if what in CODES:
        return _code_word(*CODES[what], name)
    return say(f"scenario.choice.{name}") if f"scenario.choice.{name}" in catalogue("en") else spelled(name)


def _code_word(section: str, lengths: Sequence[int], code: str) -> str:
    """The word for a code: its own, or that of the wider group it is in, with the code; the code itself where neither is known."""
    if f"scenario.{section}.{code}" in catalogue("en"):
        return say(f"scenario.{section}.{code}")
    wider = next((code[:length] for length in lengths if f"scenario.{section}.{code[:length]}" in catalogue("en")), None)
    return code if wider is None else say("scenario.code_in", word=say(f"scenario.{section}.{wider}"), code=code)


# -- values ---------------------------------------------------------------------------------------------------------


def shown(control: Mapping[str, Any], value: Any) -> Any:
    """A value as its control shows it."""
    if control["is"] == "share":
        return "" if value is None else _text(Decimal(str(value)) * 100)
    if control["is"] == "number":
        return "" if value is None else _text(Decimal(str(value)))
    if control["is"] == "numbers":
        return {part["name"]: shown(part, (value or {}).get(part["name"])) for part in control["parts"]}
    if control["is"] == "group":
        return {part["name"]: [str(code) for code in (value or {}).get(part["name"], [])] for part in control["parts"]}
    if control["is"] == "steps":
        return list((value or {}).get("steps", []))
    if control["is"] == "lines":
        return "\n".join(", ".join(line) for line in value or [])
    if control["is"] == "counts":
        return "\n".join(f"{name} = {count}" for name, count in (value or {}).items())
    if control["is"] == "wholes":
        return ", ".join(map(str, value or []))
    if control["is"] == "several":
        return list(value or [])
    return value


def _text(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def _grouped(value: Any) -> str:
    """A number with commas between thousands."""
    number = _number(str(value))
    return str(value) if number is None else f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def entered(control: Mapping[str, Any], form: Given) -> Any:
    """What was entered in a control; None where nothing was. What is no number stays as it was typed: whoever checks it says so."""
    field, kind = control["field"], control["is"]
    text = str(form.get(field) or "").strip()
    if kind == "share":
        number = _number(text)
        return text or None if number is None else _short(number / 100)
    if kind == "number":
        number = _number(text)
        return text or None if number is None else _short(number)
    if kind == "numbers":
        return {part["name"]: value for part in control["parts"] if (value := entered(part, form)) is not None} or None
    if kind == "yes_no":
        return text == "yes"
    if kind == "group":
        found = {part["name"]: _codes(form.getlist(f"{field}.{part['name']}")) for part in control["parts"]}
        return {name: codes for name, codes in found.items() if codes} or None
    if kind == "steps":
        return _steps(field, form)
    if kind == "several":
        return [str(value) for value in form.getlist(field)]
    if kind == "lines":
        return [_codes([line]) for line in text.splitlines() if line.strip()] or None
    if kind == "counts":
        parts = [line.partition("=") for line in text.splitlines() if line.strip()]
        return {name.strip(): _short(number) if (number := _number(count.strip())) is not None else count.strip() for name, _, count in parts} or None
    if kind == "wholes":
        return [_short(number) if (number := _number(part)) is not None else part for part in _codes([text])] or None
    return text or None


def _steps(field: str, form: Given) -> dict[str, Any] | None:
    """The steps of a release; one without a day is none."""
    steps = []
    told = str(form.get(f"{field}.steps") or "")
    for number in range(min(int(told), MOST_STEPS) if told.isdecimal() and len(told) <= LONGEST else 0):
        start = f"{field}.{number}."
        days = {name: _short(value) for name in ("after_days", "before_start_days") if (value := _number(str(form.get(start + name) or ""))) is not None}
        if days:
            to = {what: codes for what in ("partners", "populations") if (codes := _codes(form.getlist(f"{start}to.{what}")))}
            steps.append({"to": to or "open", **days, "calendar": str(form.get(f"{start}calendar") or "calendar")})
    return {"steps": steps} if steps else None


def _codes(texts: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(part.strip() for text in texts for part in str(text).split(",") if part.strip()))


def _number(text: str) -> Decimal | None:
    """The number that a text says. One beyond all use, such as 1e999999999, is none: written out it would fill the memory."""
    if len(text) > LONGEST:
        return None
    try:
        number = Decimal(text.replace(",", "").removesuffix("%").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= LONGEST else None


def _short(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: numbers by what they are worth, what is empty as what is absent, who is named in a group in whatever order."""
    return bool(_bare(one) == _bare(other))


def _bare(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {name: bare for name, part in value.items() if (bare := _bare(_in_order(part))) is not None} or None
    if isinstance(value, list | tuple):
        return [_bare(part) for part in value] or None
    if isinstance(value, int | float | Decimal | str):
        number = _number(str(value))
        return str(value) or None if number is None else number
    return value


def _in_order(part: Any) -> Any:
    """Codes of a group, which stand in a form in another order than in a file."""
    return sorted(part) if isinstance(part, list | tuple) and all(isinstance(each, str) for each in part) else part


def in_words(control: Mapping[str, Any], value: Any, names: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """A value in a few words, for a list of rules; `names` has the words for codes of the data."""
    if control["is"] == "share":
        return f"{shown(control, value)} %"
    if control["is"] == "yes_no":
        return say("scenario.yes") if value else say("scenario.no")
    if control["is"] == "choice":
        return next((each["label"] for each in control["choices"] if each["value"] == value), str(value))
    if control["is"] == "group":
        parts = [part["name"] for part in control["parts"] if value.get(part["name"])]
        return "; ".join(", ".join(_called(name, str(code), names) for code in value[name]) for name in parts)
    if control["is"] == "steps":
        return say("scenario.steps", n=len(value.get("steps", [])))
    if control["is"] == "numbers":
        return ", ".join(f"{part['label']} {shown(part, value[part['name']])}" for part in control["parts"] if value.get(part["name"]) is not None)
    if control.get("names"):
        return _called(control["names"], str(value), names)
    if control["is"] == "number":
        return f"${_grouped(value)}" if control["name"] in MONEY else _grouped(value)
    if control["is"] == "counts":
        return ", ".join(f"{word_of('choice', str(name))} {_grouped(count)}" for name, count in (value or {}).items())
    text = shown(control, value)
    return ", ".join(text.splitlines()) if isinstance(text, str) else ", ".join(map(str, text)) if isinstance(text, Sequence) else str(text)


def _called(what: str, code: str, names: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """What a code of the data is called."""
    if (what, code) == ("partners", "any"):
        return say("scenario.any_partner")
    known = next((str(each["word"]) for each in names.get(what, ()) if each["code"] == code), "")
    return known or (word_of(what, code) if what in ("tiers", "populations", *CODES) else code)
