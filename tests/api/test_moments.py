"""Time is written as documented: pydantic would take a number of seconds for a day, a moment, or a length of time; no operation does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from api.moments import Day, Length, Moment
from tests.api.conftest import Ask
from tests.api.nightly import SCHEDULE

NUMBERS = ("0", "0.5", ".5", "5.", "-1", "+5", "86400", 0, 86400, 0.5, True)


@pytest.mark.parametrize("kind", [Day, Moment, Length], ids=["day", "moment", "length"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_no_time(kind: object, number: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(number)


def test_what_is_written_is_read() -> None:
    assert TypeAdapter(Day).validate_python("2026-11-02") == date(2026, 11, 2)
    assert TypeAdapter(Day).validate_python(date(2026, 11, 2)) == date(2026, 11, 2)
    assert TypeAdapter(Moment).validate_python("2026-11-02T09:30:00-07:00").isoformat() == "2026-11-02T09:30:00-07:00"
    assert TypeAdapter(Length).validate_python("P1DT12H") == timedelta(hours=36)
    assert TypeAdapter(Length).validate_json('"PT0S"') == timedelta(0)


@pytest.mark.parametrize("text", ["2026-11-02T00:00:00", "2026-02-30", "2026-11-02\n", "tomorrow", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(text)


def test_every_place_that_takes_a_time_refuses_a_number(ask_as: Ask) -> None:
    client = ask_as("admin")
    for place in ("audit?since=0.5", "audit?until=86400", "occurrences?since=0", "occurrences?until=86400.0"):
        assert client.get(f"/v1/{place}").status_code == 422, place
    for path, body in (
        ("api-keys", {"name": "a", "role": "viewer", "expires_at": 4e9}),
        ("evaluations", {"tables": {"seekers": [], "slots": []}, "assignments": [], "as_of": 0}),
        ("datasets", {"name": "a", "as_of": 0, "tables": {"seekers": [{"seeker_id": "S1"}], "slots": [{"slot_id": "J1", "openings": 1}]}}),
        ("schedules", SCHEDULE | {"wait_for_source": 5}),
        ("schedules", SCHEDULE | {"give_up_after": 3600}),
        ("schedules", SCHEDULE | {"catch_up": {"rule": "latest", "max_age": 5}}),
    ):
        answer = client.post(f"/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "faulty-input"), (path, answer.text)
