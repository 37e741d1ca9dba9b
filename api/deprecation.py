"""Operations that will go: they say so in OpenAPI and with every answer, long before (RFC 9745 and RFC 8594).

What is offered under /v1 changes only by addition. An operation that has to go is marked, works on unchanged for at least `NOTICE`, and tells since when,
until when, and what takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

NOTICE = timedelta(days=180)
"""Least time between the mark and the end."""


@dataclass(frozen=True)
class Deprecation:
    """An operation's end: marked `since`, gone after `sunset`, `instead` is the page or operation that takes its place."""

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < NOTICE:
            raise ValueError(f"An operation is marked at least {NOTICE.days} days before it goes.")

    def extra(self) -> dict[str, Any]:
        """What OpenAPI says of it, for `openapi_extra`."""
        told = {"since": self.since.isoformat(), "sunset": self.sunset.isoformat(), "instead": self.instead}
        return {"deprecated": True, "x-deprecation": told}


def headers(extra: Mapping[str, Any] | None) -> dict[str, str]:
    """The headers that an answer of a marked operation has, by its `openapi_extra`; none where it is not marked."""
    told = (extra or {}).get("x-deprecation")
    if told is None:
        return {}
    since, sunset = (datetime.combine(date.fromisoformat(told[name]), time(), UTC) for name in ("since", "sunset"))
    return {
        "Deprecation": f"@{since.timestamp():.0f}",
        "Sunset": format_datetime(sunset, usegmt=True),
        "Link": f'<{told["instead"]}>; rel="deprecation"',
    }
