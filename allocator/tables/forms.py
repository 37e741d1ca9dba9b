"""Forms: what a county, an industry or an occupation code looks like, and how near misses are tidied."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A code's pattern, its tidy spelling, and what to tell about one that does not fit."""

    code: str
    pattern: re.Pattern[str]
    tidy: Callable[[str], str]
    say: Callable[[str], tuple[str, str]]


def _same(text: str) -> str:
    return text


def _say_fips(text: str) -> tuple[str, str]:
    if re.fullmatch(r"\d{4}", text):
        return "it has four digits; a county FIPS code has five, and a leading zero was lost.", f"Write 0{text}, and format the column as text."
    return "it must be a county FIPS code of five digits.", "Write state and county, for example 41051."


def _say_naics(_: str) -> tuple[str, str]:
    return "it must be a NAICS code of two to six digits.", "Write for example 23, 31-33 or 541511."


def _tidy_soc(text: str) -> str:
    digits = re.fullmatch(r"(\d{2})-?(\d{4})\.?(\d{2})?", text)
    if digits is None:
        return text
    return f"{digits[1]}-{digits[2]}" + (f".{digits[3]}" if digits[3] else "")


def _say_soc(_: str) -> tuple[str, str]:
    return "it must be an O*NET-SOC code.", "Write NN-NNNN or NN-NNNN.NN, for example 47-2061.00."


_FIPS = Form("bad_fips", re.compile(r"[0-9]{5}"), _same, _say_fips)
_NAICS = Form("bad_naics", re.compile(r"[0-9]{2,6}|[0-9]{2}-[0-9]{2}"), lambda text: text.replace("–", "-"), _say_naics)
_SOC = Form("bad_soc", re.compile(r"[0-9]{2}-[0-9]{4}(\.[0-9]{2})?"), _tidy_soc, _say_soc)

FORMS = {"county_fips": _FIPS, "naics": _NAICS, "onet_soc": _SOC, "last_soc": _SOC, "career_map_soc": _SOC, "layoff_soc": _SOC}
"""The form of each column that has one."""
