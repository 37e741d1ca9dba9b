"""The audit trail: no row can be changed, taken out, put in or moved without its being seen, and any number may write at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access import keys
from api.clock import now
from api.service import Service
from api.store import audit as trail
from api.store.tables import api_keys, audit, audit_heads
from tests.api.conftest import Ask

ROWS = 7


def written(service: Service, board: str = "main", count: int = ROWS) -> None:
    for number in range(count):
        with service.store.begin() as connection:
            trail.record(connection, board, f"key_{number % 3}", "thing.change", f"thing_{number}", {"number": number, "of": ["é", 1.5, None]})


def rewritten(service: Service, rows: list[Mapping[str, Any]], head: Mapping[str, Any] | None) -> None:
    with service.store.begin() as connection:
        connection.execute(audit.delete().where(audit.c.board == "main"))
        if rows:
            connection.execute(audit.insert(), [dict(row) for row in rows])
        connection.execute(audit_heads.delete().where(audit_heads.c.board == "main"))
        if head is not None:
            connection.execute(audit_heads.insert().values(**head))


def kept(service: Service) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with service.store.read() as connection:
        rows = [dict(row) for row in connection.execute(sa.select(audit).where(audit.c.board == "main").order_by(audit.c.seq)).mappings()]
        return rows, dict(connection.execute(sa.select(audit_heads).where(audit_heads.c.board == "main")).mappings().one())


def test_a_trail_that_nobody_touched_holds(service: Service) -> None:
    assert trail.verify(service.store, "main") == trail.Verdict(0, None)
    written(service)
    written(service, "other", 3)
    found = trail.verify(service.store, "main")
    assert (found.holds, found.rows, found.head) == (True, ROWS, f"{ROWS}:{kept(service)[0][-1]['hash']}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=st.data())
def test_whatever_is_done_to_rows_is_seen(service: Service, data: st.DataObject) -> None:
    with service.store.begin() as connection:
        connection.execute(audit.delete())
        connection.execute(audit_heads.delete())
    written(service)
    rows, head = kept(service)
    assert trail.verify(service.store, "main").holds
    at = data.draw(st.integers(0, ROWS - 1))
    how = data.draw(st.sampled_from(["change", "rehash", "remove", "renumber", "insert", "append", "swap", "cut", "empty", "head", "no head"]))
    field = data.draw(st.sampled_from(["actor", "action", "object", "at", "detail", "previous", "hash"]))
    if how in ("change", "rehash"):
        new = {"at": rows[at]["at"] + timedelta(microseconds=1), "detail": {**rows[at]["detail"], "number": -1}, "previous": "f" * 64, "hash": "f" * 64}
        rows[at] |= {field: new.get(field, rows[at].get(field, "") if field in new else f"{rows[at][field]}!")}
        if how == "rehash" and field != "hash":
            rows[at]["hash"] = trail._hash({name: rows[at][name] for name in trail.TOLD})
    elif how in ("remove", "renumber"):
        del rows[at]
        if how == "renumber":
            rows = [row | {"seq": number} for number, row in enumerate(rows, 1)]
    elif how in ("insert", "append"):
        place = at if how == "insert" else ROWS
        previous = rows[place - 1]["hash"] if place else trail.START
        row = rows[at] | {"seq": place + 1, "object": "forged", "previous": previous}
        row["hash"] = trail._hash({name: row[name] for name in trail.TOLD})
        rows = [*rows[:place], row, *(each | {"seq": each["seq"] + 1} for each in rows[place:])]
    elif how == "swap":
        other = (at + data.draw(st.integers(1, ROWS - 1))) % ROWS
        rows[at], rows[other] = rows[other] | {"seq": rows[at]["seq"]}, rows[at] | {"seq": rows[other]["seq"]}
    elif how == "cut":
        rows = rows[:at]
    elif how == "empty":
        rows = []
    elif how == "head":
        head = head | {"seq": at + 1, "hash": rows[at]["hash"] if at + 1 < ROWS else "0" * 64}
    rewritten(service, rows, None if how == "no head" else head)
    found = trail.verify(service.store, "main")
    assert not found.holds, (how, field, at)
    assert found.broken_at is not None


def test_a_trail_cut_short_is_not_mended_by_writing_on(service: Service) -> None:
    written(service)
    with service.store.begin() as connection:
        connection.execute(audit.delete().where(audit.c.seq > 4))
    written(service, count=2)
    found = trail.verify(service.store, "main")
    assert (found.holds, found.broken_at) == (False, 5)


def test_a_trail_forged_with_its_head_is_seen_by_a_head_that_was_noted(service: Service) -> None:
    written(service)
    noted = trail.verify(service.store, "main").head
    rows, _ = kept(service)
    for seq, cut in ((3, rows[:3]), (ROWS, rows)):
        forged = [row | {"actor": "nobody"} for row in cut]
        previous = trail.START
        for row in forged:
            row["previous"] = previous
            row["hash"] = previous = trail._hash({name: row[name] for name in trail.TOLD})
        rewritten(service, forged, {"board": "main", "seq": seq, "hash": previous})
        assert trail.verify(service.store, "main").holds, "whoever may write the store can forge it whole"
        assert not trail.verify(service.store, "main", noted).holds
    rewritten(service, rows, {"board": "main", "seq": ROWS, "hash": rows[-1]["hash"]})
    written(service)
    assert trail.verify(service.store, "main", noted).holds


def test_any_number_of_writers_leave_one_chain_and_readers_never_see_it_broken(service: Service) -> None:
    wrong: list[object] = []
    begin = threading.Barrier(9)

    def write(number: int) -> None:
        begin.wait()
        for turn in range(15):
            with service.store.begin() as connection:
                keys.create(connection, board=("main", "other")[turn % 5 == 0], role="viewer", name=f"{number}", by=f"writer_{number}")
                if turn % 7 == 6:
                    connection.rollback()

    def look() -> None:
        begin.wait()
        for _ in range(30):
            found = trail.verify(service.store, "main")
            if not found.holds:
                wrong.append(found)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)] + [threading.Thread(target=look)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    found = {board: trail.verify(service.store, board) for board in ("main", "other")}
    assert all(each.holds for each in found.values())
    with service.store.read() as connection:
        assert sum(each.rows for each in found.values()) == connection.execute(sa.select(sa.func.count()).select_from(api_keys)).scalar_one()


def test_the_trail_is_read_in_pieces_and_by_who_what_which_and_when(service: Service, ask_as: Ask) -> None:
    admin = ask_as("admin")
    written(service, count=20)
    written(service, "other", 3)
    whole = admin.get("/v1/audit", params={"limit": 1000}).json()["items"]
    assert [row["seq"] for row in whole] == list(range(21, 0, -1))
    assert whole[-1]["actor_name"] is None
    pieces, cursor = [], None
    while True:
        told = admin.get("/v1/audit", params={"limit": 4, **({"cursor": cursor} if cursor else {})}).json()
        pieces += told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            break
    assert pieces == whole
    for name, column in (("actor", "actor"), ("action", "action"), ("object", "object")):
        value = whole[3][column]
        assert admin.get("/v1/audit", params={name: value}).json()["items"] == [row for row in whole if row[column] == value]
    middle = whole[10]["at"]
    assert admin.get("/v1/audit", params={"since": middle}).json()["items"] == whole[:11]
    assert admin.get("/v1/audit", params={"until": middle}).json()["items"] == whole[11:]
    admin.post("/v1/api-keys", json={"name": "x", "role": "viewer"})
    assert admin.get("/v1/audit", params={"limit": 1}).json()["items"][0]["actor_name"] == "admin"


def test_the_trail_is_read_without_logins(service: Service, ask_as: Ask) -> None:
    admin = ask_as("admin")
    with service.store.begin() as connection:
        for action in ("session.begin", "run.submit", "session.end", "session.begin", "key.create"):
            trail.record(connection, "main", "key_1", action, "thing_1")
    whole = admin.get("/v1/audit").json()["items"]
    assert admin.get("/v1/audit", params={"logins": "true"}).json()["items"] == whole
    pieces, cursor = [], None
    while True:
        told = admin.get("/v1/audit", params={"logins": "false", "limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        pieces += told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            break
    assert pieces == [row for row in whole if not row["action"].startswith("session.")]
    assert {"run.submit", "key.create"} <= {row["action"] for row in pieces}
    assert admin.get("/v1/audit", params={"logins": "false", "action": "session.end"}).json()["items"] == []


def test_a_question_that_makes_no_sense_is_refused(ask_as: Ask) -> None:
    admin = ask_as("admin")
    for query in ("cursor=MTIzNDU2Nzg5MDEyMzQ1Njc4OTA", "cursor=a", "cursor=8J-YgA"):
        assert admin.get(f"/v1/audit?{query}").status_code == 400, query
    for query in ("actor=%00", "cursor=%00", "since=2026-01-01T00:00:00", "since=yesterday", "limit=0"):
        assert admin.get(f"/v1/audit?{query}").status_code == 422, query


def test_the_api_says_whether_the_trail_holds(service: Service, ask_as: Ask) -> None:
    admin = ask_as("admin")
    written(service)
    told = admin.get("/v1/audit/verify").json()
    assert (told["holds"], told["rows"], told["broken_at"], told["reason"]) == (True, ROWS + 1, None, None)
    assert admin.get("/v1/audit/verify", params={"head": told["head"]}).json() == told
    assert admin.get("/v1/audit/verify", params={"head": f"3:{'0' * 64}"}).json()["holds"] is False
    assert admin.get("/v1/audit/verify", params={"head": "x"}).status_code == 422
    with service.store.begin() as connection:
        connection.execute(audit.update().where(audit.c.seq == random.Random(1).randint(2, ROWS)).values(actor="somebody else"))
    assert admin.get("/v1/audit/verify").json()["reason"] == "It is not what was written."


def test_a_change_that_cannot_be_told_is_not_made(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = ask_as("admin")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no trail")

    monkeypatch.setattr(trail, "record", broken)
    before = len(admin.get("/v1/api-keys").json()["items"])
    assert admin.post("/v1/api-keys", json={"name": "x", "role": "viewer"}).status_code == 500
    assert len(admin.get("/v1/api-keys").json()["items"]) == before


def test_a_moment_is_told_as_it_was_written(service: Service) -> None:
    written(service, count=1)
    assert abs(kept(service)[0][0]["at"] - now()) < timedelta(minutes=1)
