"""A clock that is looked at every minute: when a cron expression of numbers, ranges, steps and lists is due, by its plainest reading."""

from __future__ import annotations

from collections.abc import Callable
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


def matcher(cron: str) -> Callable[[datetime], bool]:
    """Whether a local time is one that the expression means."""
    texts = cron.split()
    minute, hour, day, month, weekday = (field(text, *span) for text, span in zip(texts, RANGES, strict=True))
    weekdays, either = {number % 7 for number in weekday}, texts[2] != "*" and texts[4] != "*"

    def means(local: datetime) -> bool:
        if local.minute not in minute or local.hour not in hour or local.month not in month:
            return False
        on_day, on_weekday = local.day in day, local.isoweekday() % 7 in weekdays
        return on_day or on_weekday if either else on_day and on_weekday

    return means


def changes(zone: str, year: int) -> list[datetime]:
    """The days of a year on which a clock is changed, to the hour."""
    place, moment, found = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC), []
    while moment.year == year:
        later = moment + timedelta(hours=1)
        if moment.astimezone(place).utcoffset() != later.astimezone(place).utcoffset():
            found.append(moment)
        moment = later
    return found


def due_by_brute_force(cron: str, zone: str, after: datetime, until: datetime) -> set[datetime]:
    """Every minute is looked at: what the local clock shows for the first time is due, and so is what it has jumped over, at the jump."""
    place, due, means = ZoneInfo(zone), set(), matcher(cron)
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(days=2)
    shown = moment.astimezone(place).replace(tzinfo=None) - timedelta(minutes=1)
    """The latest local minute that the clock has shown."""
    while moment <= until:
        local = moment.astimezone(place).replace(tzinfo=None)
        while shown < local:
            shown += timedelta(minutes=1)
            if means(shown):
                due.add(moment)
        moment += timedelta(minutes=1)
    return {each for each in due if after < each <= until}
