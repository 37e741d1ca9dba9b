"""The words of the pages, each language a folder, each area of the pages a file; nothing that readers see is written anywhere else.

A word is looked up by its file and name, `home.title`. Where it depends on a number it has the forms `one` and `other`, and `none` if nothing is said in
another way. English has every word; what another language lacks is said in English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LANGUAGES = tuple(sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_")))


def say(name: str, /, language: str = "en", **given: Any) -> str:
    """A text by its name, with what is given put in; `n` also chooses its form. Raises KeyError where there is no such text in English."""
    found = catalogue(language).get(name) or catalogue("en")[name]
    if isinstance(found, dict):
        n = given.get("n")
        form = "none" if n == 0 and "none" in found else "one" if n == 1 else "other"
        found = found[form]
    shown = {key: f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value for key, value in given.items()}
    return found.format_map(shown) if shown else found


@cache
def catalogue(language: str) -> dict[str, str | dict[str, str]]:
    """Every text of a language by its full name."""
    texts: dict[str, str | dict[str, str]] = {}
    for path in sorted((HERE / language).glob("*.toml")):
        texts |= _flat(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    return texts


def _flat(prefix: str, told: dict[str, Any]) -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = {}
    for key, value in told.items():
        name = f"{prefix}.{key}"
        if isinstance(value, str) or "other" in value:
            found[name] = value
        else:
            found |= _flat(name, value)
    return found
