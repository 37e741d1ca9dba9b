"""What a rule is called, alike on every page: by the name that its policy gives it, or else by the word for its kind."""

from __future__ import annotations

from api.pages.words import catalogue, say


def rule_name(kind: str, label: str = "") -> str:
    """The name of a rule or goal. Where only its label is known, and not its `kind`, a label that is a kind's is taken for one without a name of its own."""
    if label and kind and label != kind:
        return label
    name = kind or label
    return say(f"rules.{name}") if f"rules.{name}" in catalogue("en") else spelled(name) if kind else label


def spelled(name: str) -> str:
    """A name of the code as words, where there is no better one."""
    text = name.replace("_", " ")
    return f"{text[:1].upper()}{text[1:]}"
