"""A clock that is looked at every minute: when a cron expression of numbers, ranges, steps and lists is due, by its plainest reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def field(text: str, low: int, high: int) -> set[int]:
    """The numbers that a field means."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, last = (low, high) if span == "*" else (int(span.split("-")[0]), int(span.split("-")[-1]))
        found |= set(range(first, (high if step and "-" not in span and span != "*" else last) + 1, int(step or 1)))
    return found


def matches(cron: str, local: datetime) -> bool:
    """Whether a local time is one that the expression means."""
    texts = cron.split()
    minute, hour, day, month, weekday = (field(text, *span) for text, span in zip(texts, RANGES, strict=True))
    if local.minute not in minute or local.hour not in hour or local.month not in month:
        return False
    on_day, on_weekday = local.day in day, local.isoweekday() % 7 in {number % 7 for number in weekday}
    if texts[2] != "*" and texts[4] != "*":
        return on_day or on_weekday
    return on_day and on_weekday


def due_by_brute_force(cron: str, zone: str, after: datetime, until: datetime) -> set[datetime]:
    """Every minute is looked at: what the local clock shows for the first time is due, and so is what it has jumped over, at the jump."""
    place, due = ZoneInfo(zone), set()
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(days=2)
    shown = moment.astimezone(place).replace(tzinfo=None) - timedelta(minutes=1)
    """The latest local minute that the clock has shown."""
    while moment <= until:
        local = moment.astimezone(place).replace(tzinfo=None)
        while shown < local:
            shown += timedelta(minutes=1)
            if matches(cron, shown):
                due.add(moment)
        moment += timedelta(minutes=1)
    return {each for each in due if after < each <= until}
