"""Uploads that mean harm, or were damaged on their way: none of them breaks, blocks or fills anything."""

from __future__ import annotations

import contextlib
import io
import random
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.datasets import understand
from api.problems import ProblemError
from api.service import Service
from api.settings import Settings
from api.solving.apart import BrokenOffError, apart
from api.store.tables import blobs, dataset_issues, datasets
from api.uploads import Part, files_of
from tests.api.conftest import Ask
from tests.api.uploading import GOOD, PORTLAND, files_in, upload, workbook, zipped

SMALL = Settings(unpacked_mb=3.0, upload_files=10, unpacked_ratio=100)


def refusal(parts: Mapping[str, bytes], settings: Settings = SMALL) -> ProblemError:
    with pytest.raises(ProblemError) as refused:
        files_of([Part(name, content) for name, content in parts.items()], settings)
    return refused.value


def entry(name: str, *, mode: int = 0o644 | stat.S_IFREG) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    return made


def archive(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for info, content in entries:
            made.writestr(info, content)
    return sink.getvalue()


# -- archives -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../seekers.csv", "/etc/cron.d/x.csv", "a/../../x.csv", "C:\\x.csv", "..\\x.csv", "a//b.csv", "seekers\x1b[2J.csv", "seekers\u202e.csv", ".."]
)
def test_a_name_that_points_elsewhere(name: str) -> None:
    assert {fault.code for fault in refusal({"a.zip": archive((entry(name), b"x"))}).faults} == {"unsafe_name"}
    assert refusal({name: b"x"}).faults[0].code == "unsafe_name"


def test_links_locks_doubles_and_archives_in_archives() -> None:
    cases = {
        "link_in_archive": archive((entry("seekers.csv", mode=0o777 | stat.S_IFLNK), b"/etc/passwd")),
        "nested_archive": archive((entry("inner.zip"), zipped(GOOD))),
        "duplicate_name": archive((entry("seekers.csv"), b"x"), (entry("Seekers.CSV"), b"y")),
        "damaged_archive": zipped(GOOD, packed=zipfile.ZIP_LZMA),
    }
    locked = bytearray(archive((entry("seekers.csv"), b"seeker_id")))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1
    cases["locked_archive"] = bytes(locked)
    for code, content in cases.items():
        assert code in {fault.code for fault in refusal({"a.zip": content}).faults}, code


def test_what_swells() -> None:
    zeros = b"0" * 2_900_000
    for what, parts in {
        "ratio": {"a.zip": archive((entry("seekers.csv"), zeros))},
        "total": {"a.zip": archive(*((entry(f"{table}.csv"), random.Random(1).randbytes(900_000)) for table in ("seekers", "slots", "pairs", "pins")))},
        "total of two archives": {f"{n}.zip": archive((entry(f"t{n}.csv"), random.Random(1).randbytes(1_600_000))) for n in (1, 2)},
        "files": {"a.zip": archive(*((entry(f"{n}.csv"), b"x") for n in range(11)))},
        "workbook": {"a.xlsx": archive((entry("xl/worksheets/sheet1.xml"), zeros))},
    }.items():
        assert refusal(parts).code == "too-large", what


def test_an_archive_that_lies_about_its_sizes() -> None:
    honest = archive((entry("seekers.csv"), random.Random(1).randbytes(50) * 1000))
    lying = bytearray(honest)
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.index(mark) + place
        lying[at : at + 4] = (10).to_bytes(4, "little")
    assert {fault.code for fault in refusal({"a.zip": bytes(lying)}).faults} <= {"damaged_archive", "nothing_here"}


def test_entries_that_lie_one_on_the_other() -> None:
    """A bomb without nesting: many entries whose contents are the same bytes."""
    whole = archive((entry("seekers.csv"), random.Random(1).randbytes(400_000)))
    head = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    central = whole[head:end]
    bomb = whole[:head] + central * 9 + whole[end:]
    tail = bytearray(bomb[-22:])
    tail[8:12] = (9).to_bytes(2, "little") * 2
    tail[12:16] = (len(central) * 9).to_bytes(4, "little")
    assert refusal({"a.zip": bomb[:-22] + bytes(tail)})


# -- tables ---------------------------------------------------------------------------------------------------------


def test_more_records_than_may_be(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, records=100)
    many = b"seeker_id\n" + b"".join(b"S%d\n" % k for k in range(101))
    sink = io.BytesIO()
    pd.DataFrame({"seeker_id": [f"S{k}" for k in range(101)]}).to_parquet(sink)
    for files in (
        {**GOOD, "seekers.csv": many},
        {"slots.csv": GOOD["slots.csv"], "seekers.parquet": sink.getvalue()},
        {"all.xlsx": workbook(tmp_path, PORTLAND)},
    ):
        with pytest.raises(ProblemError) as refused:
            understand(settings, files)
        assert (refused.value.code, {fault.code for fault in refused.value.faults}) == ("too-large", {"too_many_records"})
    with pytest.raises(ProblemError) as refused:
        understand(settings, {**GOOD, "seekers.csv": b"seeker_id" + b",x" * 400_000 + b"\nS1\n"})
    assert {fault.code for fault in refused.value.faults} == {"too_many_columns"}
    assert understand(settings, {**GOOD, "seekers.csv": many[: many.rindex(b"S100")]}).errors == 0


def _swell() -> dict[str, Any]:
    held = []
    while True:
        held.append(bytearray(random.Random(1).randbytes(1 << 20) * 20))


def _hang() -> dict[str, Any]:
    time.sleep(600)
    return {}


def _crash() -> dict[str, Any]:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


@pytest.mark.parametrize(("work", "why"), [(_swell, "memory"), (_hang, "time"), (_crash, "killed")])
def test_a_reader_that_swells_hangs_or_crashes_is_ended(work: Callable[[], dict[str, Any]], why: str) -> None:
    with pytest.raises(BrokenOffError) as ended:
        apart(work, memory_gb=0.6, seconds=3 if why == "time" else 60)
    assert ended.value.why == why
    assert not [each for each in psutil.Process().children(recursive=True) if each.status() == psutil.STATUS_ZOMBIE]


def test_a_workbook_with_one_cell_far_away(tmp_path: Path) -> None:
    """Two cells at opposite corners are some bytes in the file, and 17 billion cells as a table."""
    book = workbook(tmp_path)
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        sheets = {info.filename: source.read(info) for info in source.infolist()}
    name = next(name for name in sheets if name.startswith("xl/worksheets/sheet"))
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    sheets[name] = sheets[name].replace(b"</sheetData>", far)
    settings = Settings(data_dir=tmp_path, upload_memory_gb=1.0, upload_time=timedelta(seconds=60))
    with pytest.raises(ProblemError) as refused:
        understand(settings, {"all.xlsx": zipped(sheets)})
    assert refused.value.code in ("too-large", "faulty-input")


@pytest.mark.slow
def test_a_parquet_file_whose_texts_are_long_and_many(tmp_path: Path) -> None:
    sink = io.BytesIO()
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"seeker_id": [f"S{k}" for k in range(200_000)], "last_soc": long}), sink, dictionary_pagesize_limit=10_000_000)
    assert len(sink.getvalue()) < 5_000_000
    with contextlib.suppress(ProblemError):  # too large is an answer too
        made = understand(Settings(data_dir=tmp_path), {"seekers.parquet": sink.getvalue(), "slots.csv": GOOD["slots.csv"]})
        assert "overlong_cell" in {fault.code for fault in made.faults}


def test_others_are_served_while_uploads_are_read_and_too_many_are_told_to_come_again(service: Service, ask_as: Ask) -> None:
    narrow = service.settings.model_copy(update={"uploads": 1})
    with TestClient(create_app(narrow), raise_server_exceptions=False, headers=ask_as("planner").headers) as client:
        gate = client.app.state.service.uploads  # type: ignore[attr-defined]
        gate._patience = 0.5
        gate._free.acquire()  # an upload that takes long
        waiting = threading.Thread(target=lambda: upload(client, GOOD))
        waiting.start()
        assert client.get("/v1/datasets").status_code == 200
        busy = upload(client, GOOD)
        waiting.join()
        assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (429, "busy", "3")
        gate._free.release()
        assert upload(client, GOOD).status_code == 201


# -- what chance makes of it ----------------------------------------------------------------------------------------

STATUSES = {201, 400, 413, 415, 422}
JUNK = (b"\x00", b"\xff\xfe", b'"', b"\n", b",", b";", b"PK\x03\x04", b"=cmd()", b"\xed\xa0\x80", b"[[", b"extends", b"9" * 400, b"../", b"\r", b"-1", b"1e999")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with something done to it."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(changed) + 1)
        what = chance.randrange(7)
        if what == 0 and changed:
            changed[place % len(changed)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del changed[place : place + chance.choice((1, 4, 100, 10_000))]
        elif what == 2:
            changed[place:place] = chance.choice(JUNK)
        elif what == 3:
            changed[place:place] = chance.randbytes(chance.choice((1, 8, 300)))
        elif what == 4:
            changed[place:place] = changed[: chance.choice((10, 1000))]
        elif what == 5:
            changed = changed[:place]
        else:
            changed[place : place + 8] = b"\xff" * 8
    return bytes(changed)


def a_mutated_upload(chance: random.Random, seeds: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """Files, an archive or a workbook, damaged inside or outside."""
    files = dict(seeds[chance.choice(("paper", "portland", "parquet"))])
    kind = chance.choice(("files", "files", "zip", "zip outside", "workbook", "names"))
    if kind == "zip outside":
        return {"all.zip": mutated(zipped(files), chance)}
    if kind == "workbook":
        return {
            "all.xlsx": mutated(seeds["workbook"]["all.xlsx"], chance),
            **({"policy.toml": mutated(files["policy.toml"], chance)} if chance.random() < 0.3 else {}),
        }
    name = chance.choice(sorted(files))
    if kind == "names":
        files[mutated(name.encode(), chance).decode("utf-8", "replace")[:200] or "x"] = files.pop(name)
    else:
        files[name] = mutated(files[name], chance)
    return {"all.zip": zipped(files)} if kind == "zip" else files


def mutate_and_send(client: TestClient, tmp_path: Path, count: int, seed: int) -> dict[int, int]:
    """Send so many; how often each status came. Whether all is whole is asked when nobody sends any more: an upload is half written while it is written."""
    book = workbook(tmp_path)
    sink = io.BytesIO()
    pd.read_csv(io.BytesIO(files_in()["seekers.csv"]), dtype="string").to_parquet(sink)
    parquet = {**files_in(), "seekers.parquet": sink.getvalue()}
    del parquet["seekers.csv"]
    seeds = {"paper": files_in(), "portland": files_in(PORTLAND), "parquet": parquet, "workbook": {"all.xlsx": book}}
    statuses: dict[int, int] = {}
    for number in range(count):
        files = a_mutated_upload(random.Random(f"{seed} {number}"), seeds)
        began = time.monotonic()
        answer = upload(client, files)
        assert answer.status_code in STATUSES, (seed, number, answer.status_code, answer.text[:500])
        assert time.monotonic() - began < 90, (seed, number)
        assert answer.headers["content-type"] in ("application/json", "application/problem+json"), (seed, number)
        if answer.status_code == 201:
            told = answer.json()
            issues = client.get(f"/v1/datasets/{told['id']}/issues?limit=1000").json()["items"]
            assert sum(issue["severity"] == "error" for issue in issues) == min(told["errors"], 1000), (seed, number)
            assert told["usable"] == (told["errors"] == 0)
            assert "root:" not in str(issues)
            if told["usable"]:
                assert client.get(f"/v1/datasets/{told['id']}/tables/seekers").status_code == 200, (seed, number)
                assert client.get(f"/v1/datasets/{told['id']}/policy").status_code == 200, (seed, number)
        else:
            assert answer.json()["code"], (seed, number)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    return statuses


def require_whole(service: Service) -> None:
    """Nothing is half written: every dataset has its files and its issues, and nothing belongs to none."""
    with service.store.read() as connection:
        kept = {digest for files in connection.execute(sa.select(datasets.c.files)).scalars() for digest in files.values()}
        assert set(connection.execute(sa.select(blobs.c.sha256)).scalars()) == kept
        told = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(datasets.c.errors + datasets.c.warnings), 0))).scalar_one()
        assert connection.execute(sa.select(sa.func.count()).select_from(dataset_issues)).scalar_one() == told
    assert list((service.settings.data_dir / "work").iterdir()) == []


def test_mutated_uploads(service: Service, ask_as: Ask, tmp_path: Path) -> None:
    assert set(mutate_and_send(ask_as("planner"), tmp_path, 30, 1)) <= STATUSES
    require_whole(service)


@pytest.mark.slow
def test_two_thousand_mutated_uploads(service: Service, ask_as: Ask, tmp_path: Path) -> None:
    clients = [ask_as("planner"), ask_as("planner")]
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda k: mutate_and_send(clients[k], places[k], 500, 10 + k), range(2)))
    require_whole(service)
    assert sum(sum(each.values()) for each in told) == 1000  # and as many on the other store
