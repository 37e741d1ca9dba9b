"""What nights are called on pages: in which state one is, and when a schedule comes, in days and a time rather than in cron."""

from __future__ import annotations

import re
from typing import Any

SIMPLE = re.compile(r"^(\d{1,2}) (\d{1,2}) \* \* (\*|[0-7a-zA-Z,-]+)$")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week as cron names them, Monday first."""


def state_of(occurrence: dict[str, Any]) -> str:
    """A night's state in one word: waiting, running, held, published, withdrawn, skipped or failed."""
    if occurrence["status"] != "finished":
        return str(occurrence["status"])
    steps = [line["step"] for line in occurrence["log"]]
    if occurrence["result"] == "published" and "withdrawn" in steps[len(steps) - 1 - steps[::-1].index("published") :]:
        return "withdrawn"
    return str(occurrence["result"])


def timed(cron: str) -> dict[str, Any] | None:
    """The days and the time of a cron expression that says no more than that; None where it says more."""
    found = SIMPLE.match(cron.strip())
    if found is None or int(found[1]) > 59 or int(found[2]) > 23:
        return None
    days = _days(found[3].lower())
    return None if days is None else {"time": f"{int(found[2]):02}:{int(found[1]):02}", "days": days}


def _days(told: str) -> list[str] | None:
    chosen: set[int] = set()
    for part in ("0-6" if told == "*" else told).split(","):
        first, dash, last = part.partition("-")
        ends = [_day(end) for end in ((first, last) if dash else (first, first))]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            return None
        chosen |= {(day - 1) % 7 for day in range(ends[0], ends[1] + 1)}
    return [DAYS[day] for day in sorted(chosen)]


def _day(told: str) -> int | None:
    """A day as cron numbers it: 0 and 7 are Sunday."""
    if told.isdigit():
        return int(told) if int(told) <= 7 else None
    return (DAYS.index(told) + 1) % 7 if told in DAYS else None


def cron_of(time: str, days: list[str]) -> str:
    """The cron expression of days and a time, such as 02:30; empty where they are not told."""
    hour, _, minute = time.partition(":")
    chosen = [day for day in DAYS if day in days]
    if not (hour.isdigit() and minute[:2].isdigit() and chosen):
        return ""
    if len(chosen) == 7:
        named = "*"
    elif chosen == list(DAYS[:5]):
        named = "1-5"
    else:
        named = ",".join(str((DAYS.index(day) + 1) % 7) for day in chosen)
    return f"{int(minute[:2])} {int(hour)} * * {named}"
