"""Texts of a result without the people they may name."""

from __future__ import annotations

import re

from allocator.scenario import Scenario

_SEEKERS = re.compile(r"\bseeker \S+(?: or seeker \S+)*")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def nameless(text: str, facts: Scenario) -> str:
    """Without seekers' ids: a promise is to named seekers, and a row's key that holds an id is left out."""

    def key(found: re.Match[str]) -> str:
        words = re.split(r"[ ,;]+", found[1])
        return "" if any(facts.position("seekers", word) >= 0 for word in words) else found[0]

    return _KEY.sub(key, _SEEKERS.sub("named seekers", text))
