"""Due times against a clock that is looked at every minute, over years and zones, and the edges by name."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from allocator.errors import InputError
from api.night.times import due_on, due_times, next_due, night_of, require_cron, told
from tests.api.brute_clock import changes, due_by_brute_force

ZONES = {
    "America/Los_Angeles": (2026, 2006, 1987),  # its rules began and ended on other days before 2007, and before 1987
    "Australia/Lord_Howe": (2026, 1982, 2008),  # half an hour since 1985, a whole one before
    "Europe/London": (2026, 1969, 1996),  # stayed on summer time from 1968 to 1971
    "Europe/Istanbul": (2016, 2011),  # stopped changing in 2016; put off a change in 2011
    "Pacific/Apia": (2011, 2021),  # left a whole day out, and gave the change up
    "Africa/Casablanca": (2026,),  # puts the clock back for Ramadan
    "America/Sao_Paulo": (2018,),  # changed at midnight
    "Asia/Kathmandu": (1986,),  # moved by a quarter of an hour
    "Antarctica/Troll": (2026,),  # two hours
    "UTC": (2026,),
}
CRONS = ("30 2 * * *", "45 1 * * 1-5", "0 0 * * *", "15 2,3 * * 0", "*/20 0-3 1,15 * *", "0 3 13 * 5", "59 23 28-31 * *")


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_around_a_change_are_as_a_clock_shows_them(zone: str) -> None:
    for year in ZONES[zone]:
        for change in changes(zone, year)[:4] or [datetime(year, 6, 1, tzinfo=UTC)]:
            for cron in random.Random(f"{zone} {change}").sample(CRONS, 3):
                after, until = change - timedelta(days=2), change + timedelta(days=2)
                assert list(due_times(cron, zone, after, until)) == sorted(due_by_brute_force(cron, zone, after, until)), (cron, zone)


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "year"), [(zone, year) for zone, years in ZONES.items() for year in years])
def test_every_expression_in_every_odd_year(zone: str, year: int) -> None:
    for cron in CRONS:
        after, until = datetime(year - 1, 12, 1, tzinfo=UTC), datetime(year + 1, 2, 1, tzinfo=UTC)
        assert list(due_times(cron, zone, after, until)) == sorted(due_by_brute_force(cron, zone, after, until)), (cron, zone)


@pytest.mark.slow
def test_a_decade_of_drawn_expressions() -> None:
    chance = random.Random(5)
    for _ in range(60):
        zone, year = chance.choice(list(ZONES)), chance.randint(1975, 2036)
        days = chance.choice(["* * *", "* * 1-5", "1 * *", "* 3,11 *", f"* * {chance.randint(0, 7)}", f"{chance.randint(1, 28)} * {chance.randint(0, 6)}"])
        cron = f"{chance.randint(0, 59)} {chance.choice([0, 1, 2, 2, 3, 23, chance.randint(0, 23)])} {days}"
        after, until = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        assert list(due_times(cron, zone, after, until)) == sorted(due_by_brute_force(cron, zone, after, until)), (cron, zone, year)


def test_where_one_begins_to_look_makes_no_difference() -> None:
    cron, zone, start = "45 1 * * *", "Australia/Lord_Howe", datetime(2026, 3, 30, tzinfo=UTC)
    every = list(due_times(cron, zone, start, start + timedelta(days=14)))
    for minutes in range(0, 14 * 24 * 60, 97):
        moment = start + timedelta(minutes=minutes)
        assert list(due_times(cron, zone, moment, start + timedelta(days=14))) == [due for due in every if due > moment]


def test_a_time_that_does_not_exist_is_due_once_when_the_clock_has_jumped() -> None:
    (due,) = due_on("30 2 * * *", "America/Los_Angeles", date(2026, 3, 8))
    assert due == datetime(2026, 3, 8, 10, tzinfo=UTC)
    assert "put forward" in told(due, "America/Los_Angeles")
    assert due_on("0,30 2,3 * * *", "America/Los_Angeles", date(2026, 3, 8)) == [due, due + timedelta(minutes=30)]
    (half,) = due_on("15 2 * * *", "Australia/Lord_Howe", date(2026, 10, 4))
    assert half.astimezone(ZoneInfo("Australia/Lord_Howe")).strftime("%H:%M") == "02:30"


def test_a_time_that_exists_twice_is_due_the_first_time() -> None:
    (due,) = due_on("30 1 * * *", "America/Los_Angeles", date(2026, 11, 1))
    assert due == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert "twice" in told(due, "America/Los_Angeles")
    (half,) = due_on("45 1 * * *", "Australia/Lord_Howe", date(2026, 4, 5))
    assert half == datetime(2026, 4, 4, 14, 45, tzinfo=UTC)


def test_every_night_of_a_daily_schedule_is_there_once() -> None:
    for zone in ("America/Los_Angeles", "Australia/Lord_Howe", "Europe/London", "America/Sao_Paulo"):
        due = next_due("30 2 * * *", zone, datetime(2017, 1, 1, tzinfo=UTC), 800)
        nights = [night_of(moment, zone) for moment in due]
        assert all(later - earlier == timedelta(days=1) for earlier, later in itertools.pairwise(nights)), zone


@pytest.mark.parametrize(
    ("cron", "zone", "code"),
    [
        ("0 0 30 2 *", "UTC", "never_due"), ("* * * * *", "UTC", "too_often"), ("*/10 2 * * *", "UTC", "too_often"), ("30 2 * *", "UTC", "bad_cron"),
        ("0 30 2 * * *", "UTC", "bad_cron"), ("R R * * *", "UTC", "bad_cron"), ("61 2 * * *", "UTC", "bad_cron"), ("@daily", "UTC", "bad_cron"),
        ("30 2 * * *", "Mars/Olympus", "unknown_time_zone"), ("30 2 * * *", "../etc/passwd", "unknown_time_zone"), ("30 2 * * *", "", "unknown_time_zone"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(cron: str, zone: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        require_cron(cron, zone, datetime(2026, 1, 1, tzinfo=UTC))
    assert code in [fault.code for fault in refused.value.faults]
