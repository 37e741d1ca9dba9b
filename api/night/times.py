"""When a schedule is due: moments from a cron expression and a time zone, by one pure function.

The expression is read on the local clock, and clocks jump. A local time that does not exist, because the clock was put forward over it, is due once, at
the first moment after the jump. A local time that exists twice, because the clock was put back, is due the first time only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from croniter.croniter import CroniterError

from allocator.errors import Fault, InputError

_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC SUN MON TUE WED THU FRI SAT"
_ONE = rf"(?:[0-9]{{1,2}}|{_NAMES.replace(' ', '|')})"
_PART = rf"(?:\*|{_ONE}(?:-{_ONE})?)(?:/[0-9]{{1,2}})?"
_FIELD = rf"{_PART}(?:,{_PART})*"
FIELDS = re.compile(rf"{_FIELD}(?: +{_FIELD}){{4}}", re.IGNORECASE)
"""Five fields: minute, hour, day of the month, month, day of the week. No seconds, and none of the extensions by which a time is drawn by lot."""
AROUND = timedelta(hours=25)
"""More than any clock has ever jumped."""
LEAST_APART = timedelta(minutes=15)


def due_times(cron: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments in UTC after `after` and not after `until` at which a schedule is due, each once, in order."""
    last = after
    for moment in _moments(cron, zone, after):
        if moment > until:
            return
        if moment > last:
            last = moment
            yield moment


def next_due(cron: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """The next moments at which a schedule is due."""
    found: list[datetime] = []
    last = after
    for moment in _moments(cron, zone, after):
        if len(found) == count:
            break
        if moment > last:
            last = moment
            found.append(moment)
    return found


def due_on(cron: str, zone: str, night: date) -> list[datetime]:
    """The moments of a local day at which a schedule is due."""
    begin, end = (moment_of(datetime.combine(day, time()), zone) for day in (night, night + timedelta(days=1)))
    just_before = timedelta(microseconds=1)
    return list(due_times(cron, zone, begin - just_before, end - just_before))


def night_of(moment: datetime, zone: str) -> date:
    """The local day of a moment: the night that it is called by."""
    return moment.astimezone(ZoneInfo(zone)).date()


def moment_of(local: datetime, zone: str) -> datetime:
    """The moment at which a local clock first shows a time, or first shows a later one where it never shows that one."""
    place = ZoneInfo(zone)
    moment = local.replace(tzinfo=place).astimezone(UTC)
    if moment.astimezone(place).replace(tzinfo=None) == local:
        return moment
    return _jump(local.replace(tzinfo=place, fold=1).astimezone(UTC), moment, place)


def told(moment: datetime, zone: str) -> str:
    """What is unusual about a due time; empty where nothing is."""
    place = ZoneInfo(zone)
    local, before = moment.astimezone(place), (moment - timedelta(seconds=1)).astimezone(place)
    jumped = (local.replace(tzinfo=None) - before.replace(tzinfo=None)) - timedelta(seconds=1)
    if jumped > timedelta(0):
        return f"The clock is put forward at this moment, from {before + timedelta(seconds=1):%H:%M} by its old reckoning to {local:%H:%M}."
    again = local.replace(fold=1).astimezone(UTC)
    if again > moment:
        return f"The clock shows {local:%H:%M} twice on this day; this is the first time, and the second is not due."
    return ""


def require_cron(cron: str, zone: str, now: datetime) -> None:
    """InputError where an expression or a time zone is none, is never due, or is due too often for a night."""
    faults = []
    if not known_zone(zone):
        faults.append(
            Fault("unknown_time_zone", f"There is no time zone {zone!r}.", "Name one of the IANA database, such as America/Los_Angeles.", column="time_zone")
        )
    if not FIELDS.fullmatch(cron) or not croniter.is_valid(cron):
        fix = "Write minute, hour, day of the month, month and day of the week, such as `30 2 * * 1-5`."
        faults.append(Fault("bad_cron", f"{cron!r} is no cron expression of five fields.", fix, column="cron"))
    if not faults:
        try:
            following = next_due(cron, zone, now, 200)
        except (CroniterError, OverflowError):
            following = []
        if not following:
            faults.append(Fault("never_due", f"{cron!r} is never due.", "Name a day that the calendar has.", column="cron"))
        elif any(later - earlier < LEAST_APART for earlier, later in pairwise(following)):
            faults.append(
                Fault("too_often", f"{cron!r} is due more than once in {LEAST_APART.seconds // 60} minutes.", "A night is due once a day or so.", column="cron")
            )
    if faults:
        raise InputError(faults)


def known_zone(zone: str) -> bool:
    """Whether the time zone database has it."""
    return zone in available_timezones()


def _moments(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Due moments from somewhat before `after` on; never earlier than the one before, but perhaps the same again."""
    local = after.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - AROUND
    clock = croniter(cron, local, ret_type=datetime)
    while True:
        yield moment_of(clock.get_next(datetime), zone)


def _jump(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The moment between two others at which a place's clock jumps forward."""
    old = before.astimezone(place).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(place).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
