"""Datasets as their uploader sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from allocator.read import read_scenario
from api.demo import DEMOS
from api.sent import EXAMPLE
from api.service import Service
from api.store.tables import blobs, datasets
from tests.api.conftest import Ask
from tests.api.made import PAPER, make_scenario
from tests.api.uploading import GOOD, PORTLAND, files_in, upload, workbook, zipped

Finish = Callable[[], list[dict[str, Any]]]


def test_every_form_of_upload_is_the_same_dataset(ask_as: Ask, tmp_path: Path) -> None:
    client, digest = ask_as("planner"), read_scenario(PAPER).digest
    files = files_in()
    in_folder = {f"paper/{name}": content for name, content in files.items()}
    sent = {
        "files": files,
        "zip": {"paper.zip": zipped(files)},
        "zip of a folder": {"paper.zip": zipped({**in_folder, "__MACOSX/._x": b"?", "paper/.DS_Store": b"?"})},
        "workbook": {"all.xlsx": workbook(tmp_path), "policy.toml": files["policy.toml"]},
        "zipped workbook": {"paper.zip": zipped({"all.xlsx": workbook(tmp_path), "policy.toml": files["policy.toml"]})},
    }
    for how, parts in sent.items():
        made = upload(client, parts, name=how)
        assert made.status_code == 201, (how, made.text)
        told = made.json()
        assert (told["name"], told["digest"], told["usable"], told["as_of"]) == (how, digest, True, "2026-11-02"), told
        assert told["tables"] == {"seekers": 4, "slots": 3, "partners": 1, "pairs": 5}
        assert client.get(made.headers["location"]).json() == told
    body = client.get("/v1/demo-data/paper").json()
    assert client.post("/v1/datasets", json=body).json()["digest"] == digest
    listed = client.get("/v1/datasets?limit=4").json()
    assert [each["name"] for each in listed["items"]] == ["paper", "zipped workbook", "workbook", "zip of a folder"]
    assert [each["name"] for each in client.get(f"/v1/datasets?cursor={listed['next_cursor']}").json()["items"]] == ["zip", "files"]


@pytest.mark.parametrize("demo", sorted(DEMOS))
def test_demo_data_can_be_sent_as_they_are(ask_as: Ask, demo: str) -> None:
    client = ask_as("planner")
    assert demo in [each["id"] for each in client.get("/v1/demo-data").json()]
    made = client.post("/v1/datasets", json=client.get(f"/v1/demo-data/{demo}").json())
    assert (made.status_code, made.json()["errors"]) == (201, 0), made.text
    if demo in ("paper", "portland", "conflict"):
        assert made.json()["digest"] == read_scenario(PAPER.parent / demo).digest


def test_the_documented_example_is_a_dataset(ask_as: Ask) -> None:
    made = ask_as("planner").post("/v1/datasets", json=EXAMPLE)
    assert (made.status_code, made.json()["usable"]) == (201, True), made.text


def test_a_workbook_with_its_policy_is_solved(ask_as: Ask, finish: Finish, tmp_path: Path) -> None:
    client = ask_as("planner")
    made = upload(client, {"all.xlsx": workbook(tmp_path), "policy.toml": files_in()["policy.toml"]}).json()
    scenario = client.post("/v1/scenarios", json={"name": "as it is", "base": {"dataset_id": made["id"]}})
    client.post("/v1/runs", json={"scenario_id": scenario.json()["id"]})
    (run,) = finish()
    assert (run["status"], run["outcome"], run["summary"]["placed"]) == ("succeeded", "optimal", 3), run
    assert run["summary"]["digests"]["scenario"] == made["digest"]


def test_the_day_is_the_datasets_own_whenever_it_is_solved(ask_as: Ask) -> None:
    client = ask_as("planner")
    undated = upload(client, GOOD, as_of="2025-01-31", name="undated").json()
    assert undated["as_of"] == "2025-01-31"
    assert client.get(f"/v1/datasets/{undated['id']}/files/scenario.toml").text == 'name = "undated"\nas_of = 2025-01-31\n'
    other = upload(client, {**GOOD, "scenario.toml": b'name = "theirs"\nas_of = "2026-11-02" # noted\n'}, as_of="2025-01-31")
    assert (other.json()["as_of"], other.json()["name"], other.json()["digest"]) == ("2025-01-31", "theirs", undated["digest"])
    kept = upload(client, {**GOOD, "scenario.toml": b'as_of = "2026-11-02" # noted\n'}, name="ours").json()
    assert client.get(f"/v1/datasets/{kept['id']}/files/scenario.toml").text == 'as_of = "2026-11-02" # noted\nname = "ours"\n'


def test_a_faulty_upload_is_kept_with_everything_that_is_wrong_with_it(ask_as: Ask) -> None:
    client = ask_as("planner")
    seekers = b"seeker_id,veteran,shoe_size\n" + b"".join(f"S{k},perhaps,9\n".encode() for k in range(150))
    made = upload(client, {"seekers.csv": seekers, "slots.csv": b"slot_id,openings\nJ1,-1\n", "policy.toml": b'[[constraints]]\nkind = "budgit"\n'})
    told = made.json()
    assert (made.status_code, told["usable"], told["errors"], told["warnings"]) == (201, False, 152, 1), told
    assert told["tables"] == {"seekers": 150, "slots": 1}
    first = client.get(f"{made.headers['location']}/issues?limit=100").json()
    second = client.get(f"{made.headers['location']}/issues?limit=100&cursor={first['next_cursor']}").json()
    assert ([*range(1, 154)], None) == ([each["number"] for each in first["items"] + second["items"]], second["next_cursor"])
    issues = client.get(f"{made.headers['location']}/issues?code=too_small").json()["items"]
    assert [(each["file"], each["row"], each["column"], each["value"]) for each in issues] == [("slots.csv", 2, "openings", "-1")]
    assert [each["code"] for each in client.get(f"{made.headers['location']}/issues?severity=warning").json()["items"]] == ["unknown_column"]
    types = client.get("/v1/issue-types").json()
    assert {each["code"] for each in first["items"] + second["items"]} <= {each["code"] for each in types}
    assert client.get("/v1/issue-types/too_small").json()["mend"]
    refused = client.post("/v1/scenarios", json={"name": "x", "base": {"dataset_id": told["id"]}})
    assert (refused.status_code, refused.json()["error_count"]) == (409, 153)
    assert client.get(f"{made.headers['location']}/tables/slots").status_code == 409


def test_what_cannot_be_read_at_all_is_refused_and_nothing_is_kept(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    refused = {
        "no zip": {"a.zip": b"PK but no archive"},
        "empty zip": {"a.zip": zipped({})},
        "no table": {"policy.toml": b""},
        "no table that is known": {"readings.csv": b"a,b\n1,2\n"},
        "no workbook": {"a.xlsx": b"nothing"},
        "another kind": {"scenario.pdf": b"%PDF"},
        "workbook and tables": {"a.xlsx": b"", **GOOD},
    }
    for how, files in refused.items():
        answer = upload(client, files)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), (how, answer.text)
        assert answer.json()["errors"], how
        assert str(service.settings.data_dir) not in answer.text
    assert client.post("/v1/datasets", data={"name": "x"}).status_code in (415, 422)
    with service.store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(datasets)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(blobs)).scalar_one() == 0
    assert list((service.settings.data_dir / "work").iterdir()) == []


def test_a_policy_reads_no_file_that_did_not_come_with_it(ask_as: Ask, tmp_path: Path) -> None:
    client = ask_as("planner")
    outside = tmp_path / "secret.toml"
    outside.write_text('name = "canary"\n')
    for path in (str(outside), "../../../secret.toml", "/etc/passwd", f"../{outside.name}"):
        made = upload(client, {**GOOD, "policy.toml": f"extends = {path!r}\n".replace("'", '"').encode()})
        issues = client.get(f"{made.headers['location']}/issues").json()["items"]
        assert [each["code"] for each in issues] == ["extends_outside"], issues
        assert "canary" not in str(issues)
    beside = upload(client, {**GOOD, "policy.toml": b'extends = "base.toml"\n', "base.toml": b'name = "from beside"\n'})
    assert beside.json()["usable"], client.get(f"{beside.headers['location']}/issues").text
    told = client.get(f"{beside.headers['location']}/policy").json()
    assert (told["policy"]["name"], told["origins"]["name"]) == ("from beside", "base.toml")


def test_demographics_are_never_given_out(ask_as: Ask, tmp_path: Path) -> None:
    client = ask_as("admin")
    demographics = {"demographics.csv": b"seeker_id,disability\nS1,canary\nS9,yes\n", "Demografics.csv": b"seeker_id,sex\nS1,canary\n"}
    faulty = upload(client, {**GOOD, **demographics, "partners.csv": b"partner_id,race_ethnicity\nP1,canary\n"})
    here = faulty.headers["location"]
    issues = client.get(f"{here}/issues").text
    assert "canary" not in issues
    assert "not_a_flag" in issues
    for name, status in (("demographics.csv", 403), ("Demografics.csv", 403), ("partners.csv", 403), ("seekers.csv", 200), ("other.csv", 404)):
        assert client.get(f"{here}/files/{name}").status_code == status, name
    good = upload(client, files_in(PORTLAND)).headers["location"]
    assert client.get(f"{good}/tables/demographics").status_code == 403
    assert client.get(f"{good}/files/demographics.csv").status_code == 403
    assert client.get(f"{good}/tables/seekers?limit=1").json()["items"][0]["seeker_id"]
    assert client.get(f"{good}/files/seekers.csv").content == files_in(PORTLAND)["seekers.csv"]
    book = upload(client, {"all.xlsx": workbook(tmp_path, PORTLAND)}).headers["location"]
    assert client.get(f"{book}/files/all.xlsx").status_code == 403
    plain = upload(client, {"all.xlsx": workbook(tmp_path)}).headers["location"]
    assert client.get(f"{plain}/files/all.xlsx").status_code == 200


def test_files_with_personal_identifiers_are_not_kept(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = upload(client, {**GOOD, "seekers.csv": b"seeker_id,SSN\nS1,123-45-6789\n"})
    assert [each["code"] for each in client.get(f"{made.headers['location']}/issues").json()["items"]] == ["personal_identifier"]
    assert "seekers.csv" not in [each["name"] for each in made.json()["files"]]
    with service.store.read() as connection:
        assert not any(b"123-45" in content for content in connection.execute(sa.select(blobs.c.content)).scalars())


def test_records_are_searched_and_paged(ask_as: Ask) -> None:
    client = ask_as("viewer")
    made = upload(ask_as("planner"), files_in(PORTLAND))
    here = f"{made.headers['location']}/tables/slots"
    everything, cursor = [], ""
    while cursor is not None:
        page = client.get(here, params={"limit": 50, **({"cursor": cursor} if cursor else {})}).json()
        everything += page["items"]
        cursor = page["next_cursor"]
    assert len(everything) == 188
    assert [each["slot_id"] for each in everything] == sorted({each["slot_id"] for each in everything})
    wanted = everything[7]["employer_id"]
    found = client.get(here, params={"search": wanted.lower(), "limit": 1000}).json()["items"]
    assert [each for each in everything if each["employer_id"] == wanted] == found
    assert client.get(here, params={"search": "no such text"}).json() == {"items": [], "next_cursor": None}
    assert client.get(f"{made.headers['location']}/tables/weather").status_code == 404
    assert client.get(here, params={"cursor": "bm8"}).status_code == 400


def test_a_dataset_is_archived_where_nothing_uses_it(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = upload(client, files_in())
    scenario = client.post("/v1/scenarios", json={"name": "uses it", "base": {"dataset_id": made.json()["id"]}}).headers["location"]
    assert client.delete(made.headers["location"]).json()["code"] == "conflict"
    assert client.delete(scenario).status_code == 204
    assert [client.delete(made.headers["location"]).status_code for _ in range(2)] == [204, 204]
    told = client.get(made.headers["location"]).json()
    assert (told["usable"], told["purged_at"] is None) == (False, False)
    assert client.get("/v1/datasets").json()["items"] == []
    assert len(client.get("/v1/datasets?archived=true").json()["items"]) == 1
    for path in ("tables/slots", "files/slots.csv", "policy"):
        assert client.get(f"{made.headers['location']}/{path}").status_code == 410
    assert client.post("/v1/scenarios", json={"name": "late", "base": {"dataset_id": made.json()["id"]}}).status_code == 410
    assert client.delete(f"/v1/datasets/{make_scenario(service)}").status_code == 404


def test_the_policy_comes_as_toml_too(ask_as: Ask) -> None:
    client = ask_as("planner")
    for folder in (PAPER, PORTLAND, PAPER.parent / "conflict"):
        made = upload(client, files_in(folder))
        answer = client.get(f"{made.headers['location']}/policy?format=toml")
        assert answer.headers["content-type"].startswith("application/toml")
        again = upload(client, {**files_in(folder), "policy.toml": answer.content})
        digests = [client.get(f"{each.headers['location']}/policy").json()["digest"] for each in (made, again)]
        assert digests[0] == digests[1]
