"""Every rule with its law and its parameters, read from the rules themselves: for `ojt rules` and `docs/rules.md`."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from allocator import layers
from allocator.policy import ALWAYS, DEFAULT_GOALS, WITH_TABLE, Limits, Policy
from allocator.registry import discover
from allocator.rule import Rule

SECTIONS = {
    "eligibility": "may this pair ever be?",
    "constraints": "what must hold, or costs",
    "goals": "what is better, in order",
}
COMMON = ("kind", "label", "enabled")
"""Keys of every rule, explained once."""
WORDS: dict[Any, str] = {bool: "true or false", int: "whole number", float: "number", Decimal: "number", str: "text", date: "date"}


class Parameter(NamedTuple):
    """One key of a rule: what may stand there, what holds where nothing does, and what it means."""

    name: str
    type: str
    default: str
    about: str
    required: bool


@dataclass(frozen=True)
class Model:
    """A table inside a rule, with keys of its own."""

    name: str
    about: str
    parameters: Sequence[Parameter]


@dataclass(frozen=True)
class Page:
    """One rule: its law and its parameters, and the tables that those use."""

    section: str
    kind: str
    title: str
    law: str
    parameters: Sequence[Parameter]
    models: Sequence[Model]

    def as_dict(self) -> dict[str, Any]:
        """The page as plain JSON data."""
        named = [{**asdict(model), "parameters": [line._asdict() for line in model.parameters]} for model in self.models]
        return {**asdict(self), "parameters": [line._asdict() for line in self.parameters], "models": named}


def every_rule() -> list[Page]:
    """The rules, section by section, in alphabetical order within each; goals in the order they usually stand."""
    return [_page(section, kind, rule) for section in SECTIONS for kind, rule in discover(section).items()]


def _page(section: str, kind: str, rule: type[Rule]) -> Page:
    law = rule.law()
    parameters = [line for line in _parameters(rule) if line.name not in COMMON]
    return Page(section, kind, law.splitlines()[0], law, parameters, [_model(model) for model in dict.fromkeys(_models_in(rule))])


def _model(model: type[BaseModel]) -> Model:
    # A file that carries the model's name says more about it than the class does.
    module = model.__module__
    own_file = module.rpartition(".")[2] == model.__name__.lower()
    return Model(model.__name__, inspect.cleandoc((sys.modules[module].__doc__ if own_file else model.__doc__) or ""), list(_parameters(model)))


def _models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The tables inside a model, and those inside them."""
    for info in model.model_fields.values():
        for inner in _leaves_of(info.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield inner
                yield from _models_in(inner)


def _leaves_of(annotation: Any) -> Iterator[Any]:
    inner = [part for part in get_args(annotation) if get_origin(annotation) is not Literal]
    if not inner:
        yield annotation
    for part in inner:
        yield from _leaves_of(part)


def _parameters(model: type[BaseModel]) -> Iterator[Parameter]:
    for name, info in model.model_fields.items():
        yield Parameter(name, in_words(info.annotation, info.metadata), _default(info), info.description or "", info.is_required())


def in_words(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """A type as somebody who fills in a form would say it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return in_words(parts[0], [*parts[1:], *limits])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(in_words(part, limits) for part in parts if part is not type(None))
    if origin is tuple:
        return f"list of {_plural(in_words(parts[0]))}"
    if origin is dict:
        return f"table of name = {in_words(parts[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.__name__
    return WORDS[annotation] + _range(limits)


def _plural(words: str) -> str:
    for one, many in (("list of", "lists of"), ("text", "texts"), ("whole number", "whole numbers"), ("date", "dates")):
        if words.startswith(one):
            return many + words.removeprefix(one)
    return words


def _range(limits: Sequence[Any]) -> str:
    each = [limit for said in limits for limit in (said.metadata if isinstance(said, FieldInfo) else [said])]
    said = {name: getattr(limit, name) for limit in each for name in ("ge", "gt", "le", "lt") if getattr(limit, name, None) is not None}
    if "ge" in said and "le" in said:
        return f", {said['ge']:,} to {said['le']:,}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return "".join(f", {word} {said[name]:,}" for name, word in words.items() if name in said)


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is PydanticUndefined or value is None or value in ("", (), {}):
        return ""
    if isinstance(value, BaseModel):
        return "as below" if any(value.model_dump().values()) else "all"
    if isinstance(value, tuple):
        return "; ".join(" and ".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def paragraphs(law: str) -> Iterator[str]:
    """A law with each paragraph on one line, so that whoever prints it can wrap it; indented lines (formulas) stay as they are."""
    gathered: list[str] = []
    for line in [*law.splitlines(), ""]:
        apart = not line or line.startswith((" ", "Why:", "Source:"))
        if gathered and apart:
            yield " ".join(gathered)
            gathered = []
        if line and not line.startswith(" "):
            gathered.append(line)
        else:
            yield line


# -- docs/rules.md --------------------------------------------------------------------------------------------------

INTRO = """\
# Rules

*This page is made from the rules themselves by `python docs/generate.py`; change it there.*

A policy lists rules and goals by `kind`. Each entry may have a `label` (its name in reports and in `--set`; the kind where absent) and
`enabled = false`, which switches it off without deleting it. Keys that a rule does not know are refused, and the known ones are listed.

```toml
name = "autumn"
holidays = [2026-11-11, 2026-11-26]

[limits]
time = 60

[[constraints]]
kind = "reservation"
label = "partners"
beneficiaries = "any_partner"
share = 0.3

[[goals]]
kind = "placements"

[[goals]]
kind = "match_quality"
weights = {{wage = 25}}
```

Where a policy has no `[[eligibility]]` at all, these hold: {eligibility}; none of them where the scenario brings its own pairs. Where it has no
`[[goals]]`, these are its goals, in this order: {goals}. {always} always hold; {with_table} hold as soon as the scenario has their table.
`shortfall` comes first among the goals unless the policy places it elsewhere.
"""


def rules_page() -> str:
    """`docs/rules.md`: every rule, then the tables that they share."""
    eligibility = ", ".join(f"`{kind}`" for kind in Policy.default_eligibility())
    goals, always, with_table = (", ".join(f"`{kind}`" for kind in kinds) for kinds in (DEFAULT_GOALS, ALWAYS, WITH_TABLE))
    pages = every_rule()
    parts = [INTRO.format(eligibility=eligibility, goals=goals, always=always, with_table=with_table), _layers_section()]
    for section, about in SECTIONS.items():
        listed = [page for page in pages if page.section == section]
        index = [f"- [`{page.kind}`](#{page.kind}): {page.title}" for page in listed]
        parts.append("\n".join([f"## {section.capitalize()}: {about}\n", *index, ""]))
        parts += [_rule_section(page) for page in listed]
    models = {model.name: model for page in pages for model in page.models}
    parts.append("## Tables inside rules\n")
    parts += [f"### {model.name}\n\n{model.about}\n\n{_table(model.parameters)}" for _, model in sorted(models.items())]
    return "\n".join(parts)


def _layers_section() -> str:
    fields = [line for line in _parameters(Policy) if line.name in ("name", "holidays")]
    limits = [line._replace(name=f"limits.{line.name}") for line in _parameters(Limits)]
    return f"## The file and its layers\n\n{inspect.cleandoc(layers.__doc__ or '')}\n\n{_table([*fields, *limits])}"


def _rule_section(page: Page) -> str:
    return f"### {page.kind}\n\n{_marked(page.law)}\n\n" + (_table(page.parameters) if page.parameters else "No parameters.\n")


def _marked(law: str) -> str:
    """A law as Markdown: why and source are paragraphs of their own."""
    return re.sub(r"\n+(Why|Source):", r"\n\n**\1:**", law)


def _table(parameters: Sequence[Parameter]) -> str:
    lines = ["| parameter | type | default | meaning |", "|---|---|---|---|"]
    for line in parameters:
        cells = (f"`{line.name}`", _linked(line.type), "*compulsory*" if line.required else f"`{line.default}`" if line.default else "", line.about)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _linked(words: str) -> str:
    """Names of tables as links to where they are explained."""
    return " ".join(f"[{word}](#{word.lower()})" if word[:1].isupper() else word for word in words.split(" "))
