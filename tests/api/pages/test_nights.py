"""What the pages about nights, keys, audit and settings do: forms say what the API is to hear, refusals lose nothing, what is shown once is shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

import api
from api.access import keys
from api.access.roles import Role
from api.app import create_app
from api.night.times import FIELDS
from api.pages.night_words import DAYS, cron_of, state_of, timed
from api.pages.words import catalogue
from api.service import Service
from api.settings import Settings
from api.solving import process
from api.store import audit
from tests.api.example_world import PLAN, World, made_world, with_world

FORM = {
    "do": "save", "name": "Made on a page", "when": "days", "days": ["mon", "wed"], "time": "03:15", "zone": "America/Chicago", "source": "upload",
    "upload": "world", "scenario": "", "ask_placed": "yes", "gate_placed": "90", "ask_moved": "yes", "gate_moved": "12", "gate_gap": "1",
    "ask_promises": "yes", "review": "hold", "keep_offers": "yes", "catch_up": "latest", "max_age": "12", "wait": "0", "give_up": "8", "minutes": "5",
}  # fmt: skip


class Place:
    """A service with a world that these tests may change."""

    def __init__(self, service: Service, app: Any, world: World) -> None:
        self.service, self.app, self.world = service, app, world

    def visitor(self, role: Role, board: str = "main") -> TestClient:
        with self.service.store.begin() as connection:
            secret = keys.create(connection, board=board, role=role, name=f"A {role}", by="test")[1]
        return TestClient(self.app, headers={"Authorization": f"Bearer {secret}"}, follow_redirects=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    process.prepare()
    settings = with_world(Settings(data_dir=tmp_path_factory.mktemp("nights"), auth_failures=10**9))
    app = create_app(settings)
    with TestClient(app):
        service = Service(settings)
        with service.store.begin() as connection:
            secret = keys.create(connection, board="main", role="admin", name="An admin", by="test")[1]
        yield Place(service, app, made_world(service, TestClient(app, headers={"Authorization": f"Bearer {secret}"})))
        service.close()


def told(page: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


# -- days and times ------------------------------------------------------------------------------------------------------


@given(st.sets(st.sampled_from(DAYS), min_size=1), st.integers(0, 23), st.integers(0, 59))
def test_days_and_a_time_come_back_from_their_cron_expression(days: set[str], hour: int, minute: int) -> None:
    cron = cron_of(f"{hour:02}:{minute:02}", sorted(days))
    assert FIELDS.fullmatch(cron)
    assert timed(cron) == {"time": f"{hour:02}:{minute:02}", "days": [day for day in DAYS if day in days]}


@pytest.mark.parametrize("cron", ["30 2 1 * *", "*/15 2 * * *", "30 2,3 * * 1", "30 2 * 1-6 *", "30 2 * * 6-1", "75 2 * * *", "30 2 * * 8", "nonsense"])
def test_what_is_more_than_days_and_a_time_stays_cron(cron: str) -> None:
    assert timed(cron) is None


def test_sunday_has_two_numbers_and_ranges_may_end_with_it() -> None:
    assert timed("0 4 * * 0") == timed("0 4 * * 7") == timed("0 4 * * sun") == {"time": "04:00", "days": ["sun"]}
    assert timed("0 4 * * 5-7") == {"time": "04:00", "days": ["fri", "sat", "sun"]}


@pytest.mark.parametrize(("time", "days"), [("", ["mon"]), ("02:30", []), ("late", ["mon"]), ("02:30", ["someday"])])
def test_what_is_no_time_is_no_cron(time: str, days: list[str]) -> None:
    assert cron_of(time, days) == ""


def test_a_publication_taken_back_and_made_again_is_published() -> None:
    def state(*steps: str) -> str:
        return state_of({"status": "finished", "result": "published", "log": [{"step": step} for step in steps]})

    assert (state("judge", "published"), state("published", "withdrawn")) == ("published", "withdrawn")
    assert state("published", "withdrawn", "published") == "published"


# -- schedules -----------------------------------------------------------------------------------------------------------


def test_a_form_makes_the_schedule_that_it_says(place: Place) -> None:
    publisher = place.visitor("publisher")
    sent = publisher.post("/nights/new", data={**FORM, "once": "a"})
    assert sent.status_code == 303, told(sent)
    assert publisher.post("/nights/new", data={**FORM, "once": "a"}).headers["location"] == sent.headers["location"], "sent twice, it counts once"
    made = publisher.get(f"/v1/schedules/{sent.headers['location'].rpartition('/')[2]}").json()
    assert (made["cron"], made["time_zone"], made["source"]) == ("15 3 * * 1,3", "America/Chicago", {"kind": "upload", "name": "world"})
    assert {name: made["gates"][name] for name in ("gap", "placed", "moved", "fresh_hours", "promises", "tables")} == {
        "gap": None, "placed": 0.9, "moved": 12, "fresh_hours": None, "promises": True, "tables": [],
    }  # fmt: skip
    assert made["limits"]["time_limit"] == 300


def test_a_schedule_saved_as_it_is_shown_stays_as_it_is(place: Place) -> None:
    """Every field of the form, sent back as the page has it, says the same; what the form does not have is kept."""
    publisher, here = place.visitor("publisher"), "/v1/schedules"
    plan = {**PLAN, "name": "Kept", "seed": 7, "limits": {"time_limit": 90, "memory_gb": 2}, "gates": {"placed": 0.875, "fresh_hours": 26.5, "counts": None}}
    made = publisher.post(here, json={**plan, "folder": "kept", "wait_for_source": "PT45M", "catch_up": {"rule": "all", "max_age": "PT36H"}}).json()
    fields = publisher.get(f"/nights/{made['id']}.json").json()["fields"]
    form: dict[str, Any] = {name: value for name, value in fields.items() if isinstance(value, str) and name not in ("queries",)}
    form |= {"do": "save", "version": "1", "days": fields["days"], "tables": fields["tables"], "ask_tables": "yes", "ask_promises": "yes", "keep_offers": "yes"}
    for gate, figure in fields["gates"].items():
        form |= {f"ask_{gate}": "yes", f"gate_{gate}": figure}
    assert publisher.post(f"/nights/{made['id']}", data=form).status_code == 303
    after = publisher.get(f"{here}/{made['id']}").json()
    same = {name for name in made if name not in ("version", "updated_at", "planned_to", "links", "next_due")}
    assert {name: after[name] for name in same} == {name: made[name] for name in same}
    assert after["version"] == 2


def test_a_refused_form_is_shown_again_with_everything_that_was_typed(place: Place) -> None:
    page = place.visitor("publisher").post("/nights/new", data={**FORM, "name": "Typed <b>with care</b>", "gate_placed": "most", "days": ["sat"]})
    assert page.status_code == 422
    assert "Typed &lt;b&gt;with care&lt;/b&gt;" in page.text
    assert re.search(r'id="gate_placed"[^>]*value="most" aria-invalid="true"', page.text)
    assert re.search(r'value="sat" checked', page.text)
    assert not re.search(r'value="mon" checked', page.text)


def test_a_schedule_that_somebody_else_changed_meanwhile_is_not_overwritten(place: Place) -> None:
    publisher = place.visitor("publisher")
    made = publisher.post("/nights/new", data={**FORM, "name": "Twice changed"}).headers["location"]
    assert publisher.post(made, data={**FORM, "name": "By the first", "version": "1"}).status_code == 303
    assert publisher.post(made, data={**FORM, "name": "By the second", "version": "1"}).status_code == 412
    assert publisher.get(f"{made}.json").json()["schedule"]["name"] == "By the first"


def test_pausing_resuming_and_beginning_by_hand(place: Place) -> None:
    publisher = place.visitor("publisher")
    made = publisher.post("/nights/new", data={**FORM, "name": "By hand"}).headers["location"]
    assert publisher.post(made, data={"do": "pause"}).headers["location"] == made
    assert publisher.get(f"{made}.json").json()["coming"] == []
    publisher.post(made, data={"do": "resume"})
    document = publisher.get(f"{made}.json").json()
    assert len(document["coming"]) == 7
    first = publisher.post(made, data={"do": "start", "date": document["today"], "once": "b"})
    assert re.fullmatch(r"/nights/occurrences/occurrence_\w+", first.headers["location"])
    assert publisher.post(made, data={"do": "start", "date": document["today"], "once": "c"}).headers["location"] == first.headers["location"]
    assert "Waiting to begin" in told(publisher.get(first.headers["location"]))


def test_newer_data_are_uploaded_on_the_page_of_the_schedule_that_reads_them(place: Place) -> None:
    publisher = place.visitor("publisher")
    made = publisher.post("/nights/new", data={**FORM, "name": "Fed"}).headers["location"]
    before = publisher.get(f"{made}.json").json()["newest"]
    sent = publisher.post(made, data={"do": "upload", "once": "d"}, files=place.world.upload())
    assert sent.status_code == 303, told(sent)
    after = publisher.get(f"{made}.json").json()["newest"]
    assert after["name"] == before["name"] == "world"
    assert after["id"] > before["id"]
    nothing = publisher.post(made, data={"do": "upload"})
    assert (nothing.status_code, "Choose the files first" in told(nothing)) == (422, True)
    faulty = publisher.post(made, data={"do": "upload"}, files=[("files", ("seekers.csv", b"seeker_id\nS1\nS1\n", "text/csv"))])
    assert "the night cannot use them" in told(faulty), told(faulty)[:900]


def test_a_board_without_data_begins_with_the_example(place: Place) -> None:
    publisher = place.visitor("publisher", "fresh")
    assert "Load the Portland example" in told(publisher.get("/nights/new"))
    there = publisher.post("/nights/new", data={"do": "demo", "once": "e"}).headers["location"]
    page = publisher.get(there.replace("?", ".json?")).json()
    assert (there, page["fields"]["upload"], page["choices"]["uploads"]) == ("/nights/new?upload=portland", "portland", ["portland"])


@pytest.mark.parametrize("role", ["viewer", "planner", "analyst", "service"])
def test_who_may_not_change_nights_sees_no_form_and_is_refused(role: Role, place: Place) -> None:
    somebody, here = place.visitor(role), f"/nights/{place.world.ids['schedule_id']}"
    page = somebody.get(here)
    assert (page.status_code, '<form method="post" action="/nights' in page.text) == (200, False)
    assert somebody.post(here, data={"do": "pause"}).status_code == 403
    assert somebody.get("/nights/new").status_code == 403
    night = f"/nights/occurrences/{place.world.ids['occurrence_id']}"
    assert "Publish this plan?" not in told(somebody.get(night))
    assert somebody.post(night, data={"do": "publish"}).status_code == 403


def test_the_calendar_says_why_a_night_is_as_it_is(place: Place) -> None:
    viewer = place.visitor("viewer")
    nights = [each for week in viewer.get("/nights.json?month=2026-11").json()["weeks"] for day in week for each in day["nights"] if each["reason"]]
    assert {"held"} <= {each["state"] for each in nights}
    page = viewer.get("/nights?month=2026-11")
    calendar = page.text[page.text.index('class="calendar"') : page.text.index("</ol>", page.text.index('class="calendar"'))]
    said = unescape(re.sub(r"<[^>]+>", " ", calendar))
    assert [each["reason"] for each in nights if each["reason"][:60] not in said] == []
    assert "title=" not in calendar


# -- deciding ------------------------------------------------------------------------------------------------------------


def test_a_held_night_is_published_from_the_list_in_two_steps_and_taken_back_in_two(place: Place) -> None:
    publisher, night = place.visitor("publisher"), f"/nights/occurrences/{place.world.ids['occurrence_id']}"
    assert f'href="{night}">Review and publish' in publisher.get("/nights").text
    page = publisher.get(night)
    assert publisher.get("/publications.json").json()["publications"], "somebody has published by hand"
    assert "There is no plan published by this schedule to compare with" in told(page)
    assert "Nothing was published before" not in told(page)
    once = re.search(r'name="once" value="(\w+)"', page.text)[1]  # type: ignore[index]  # the form has it
    run = publisher.get(f"{night}.json").json()["night"]["run_id"]
    sent = publisher.post(night, data={"do": "publish", "run": run, "note": "Looked at.", "once": once})
    there = sent.headers["location"]
    assert publisher.post(night, data={"do": "publish", "run": run, "note": "Looked at.", "once": once}).headers["location"] == there
    shown = told(publisher.get(there))
    assert "Published." in shown
    assert "Looked at." in shown
    assert "There is no other plan published by this schedule, so none of its plans holds then." in shown
    assert publisher.get(there.replace("?", ".json?")).json()["publication"]["state"] == "holds"
    again = publisher.post(night, data={"do": "publish", "run": run})
    assert (again.status_code, "The night is published" in told(again)) == (409, True)
    bare = there.partition("?")[0]
    assert "Are you sure?" in told(publisher.get(f"{bare}?ask=withdraw"))
    publisher.post(bare)
    assert publisher.get(f"{bare}.json").json()["publication"]["state"] == "withdrawn"
    assert publisher.get(f"{night}.json").json()["night"]["state"] == "withdrawn"


def test_keeping_the_last_good_plan_ends_the_night_with_the_reason(place: Place) -> None:
    publisher, night = place.visitor("publisher"), f"/nights/occurrences/{place.world.held}"
    assert publisher.post(night, data={"do": "reject", "reason": "Monday is missing."}).headers["location"] == night
    document = publisher.get(f"{night}.json").json()
    assert (document["night"]["state"], document["night"]["reason"]["message"]) == ("skipped", "Rejected: Monday is missing.")
    assert "Start this night again" in told(publisher.get(night))


def test_a_run_is_published_by_hand_only_once_it_is_seen_what_changes(place: Place) -> None:
    publisher, run = place.visitor("publisher"), place.world.second_run
    page = publisher.get(f"/publications/new.json?run={run}").json()
    assert page["run"]["ready"]
    assert page["changes"]["flow"]["same"] > 0, "the first run is published already, and this one has the same plan"
    there = publisher.post("/publications/new", data={"run": run, "once": "f"}).headers["location"]
    document = publisher.get(there.replace("?", ".json?")).json()
    assert document["then"]["id"] == place.world.ids["publication_id"], "what holds again where this one is taken back"
    assert "Publish the last good plan instead" in told(publisher.get(there))
    refused = publisher.post(f"/publications/new?run={place.world.infeasible_run}", data={"run": place.world.infeasible_run})
    assert (refused.status_code, "has no plan" in told(refused)) == (409, True)


def test_an_employer_sees_its_own_lines_and_staff_theirs(place: Place) -> None:
    viewer, here = place.visitor("viewer"), f"/publications/{place.world.ids['publication_id']}"
    lists = viewer.get(f"{here}/worklists.json?staff=all").json()
    assert sum(each["tasks"] for each in lists["people"]) == sum(len(each["lines"]) for each in lists["lists"]) > 0
    sheet = viewer.get(f"{here}/employers.json?employer=nobody").json()
    assert sheet["lines"] == []
    assert not {"partner_id", "score", "tier", "coach_id"} & {column["name"] for column in sheet["columns"]}


# -- keys, audit, settings -----------------------------------------------------------------------------------------------


def test_a_key_is_shown_in_one_answer_and_in_no_address(place: Place) -> None:
    admin = place.visitor("admin")
    form = {"do": "make", "name": "Front desk", "role": "viewer", "ends": "2999-12-31", "once": "g"}
    first = admin.post("/keys", data=form)
    secret = re.search(r"ojt_[\w-]{43}", first.text)[0]  # type: ignore[index]  # a key is shown
    assert (first.status_code, "location" in first.headers, first.headers["cache-control"]) == (200, False, "no-store")
    again = admin.post("/keys", data=form)
    assert secret not in again.text
    assert "It was shown already" in told(again)
    assert secret not in admin.get("/keys").text
    known = TestClient(place.app, headers={"Authorization": f"Bearer {secret}"}).get("/v1/me").json()
    assert (known["name"], known["role"], known["expires_at"]) == ("Front desk", "viewer", "2999-12-31T23:59:59Z")


def test_a_key_is_replaced_with_overlap_and_ended(place: Place) -> None:
    admin = place.visitor("admin")
    old = admin.post("/v1/api-keys", json={"name": "Old", "role": "viewer"}).json()
    page = admin.post(f"/keys?key={old['id']}", data={"do": "rotate", "key": old["id"], "overlap": "1", "ends": "", "once": "h"})
    assert re.search(r"ojt_[\w-]{43}", page.text)
    after = admin.get(f"/v1/api-keys/{old['id']}").json()
    assert (after["state"], after["replaced_by"] is not None, after["expires_at"] is not None) == ("active", True, True)
    assert "Are you sure?" in told(admin.get(f"/keys?key={old['id']}&ask=revoke"))
    assert admin.post(f"/keys?key={old['id']}", data={"do": "revoke", "key": old["id"]}).status_code == 303
    assert admin.get(f"/v1/api-keys/{old['id']}").json()["state"] == "revoked"


def test_a_day_that_is_past_is_refused_and_what_was_typed_stays(place: Place) -> None:
    page = place.visitor("admin").post("/keys", data={"do": "make", "name": "Too late", "role": "viewer", "ends": "2001-01-01"})
    assert (page.status_code, 'value="Too late"' in page.text, 'value="2001-01-01"' in page.text) == (409, True, True)


def test_every_action_that_is_ever_recorded_is_said_in_words() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in Path(api.__file__).parent.rglob("*.py"))
    calls = re.findall(r"audit\.record\((?:[^()]|\([^()]*\))*\)", sources) + re.findall(r"trail\.record\((?:[^()]|\([^()]*\))*\)", sources)
    recorded = {word for call in calls for word in re.findall(r'"((?:[a-z_]+\.[a-z_]+)|purge)"', call)}
    assert len(recorded) > 25
    assert {f"audit.doing.{action}" for action in recorded} <= set(catalogue("en"))


def test_the_trail_is_filtered_searched_and_checked(place: Place) -> None:
    admin, run = place.visitor("admin"), place.world.ids["run_id"]
    entries = admin.get(f"/audit.json?object={run}").json()["entries"]
    assert [(each["words"], each["place"]) for each in entries] == [("Started a run", f"/runs/{run}")]
    assert {each["action"] for each in admin.get("/audit.json?action=schedule.create").json()["entries"]} == {"schedule.create"}
    assert admin.get("/audit.json?until=2001-01-01").json()["entries"] == []
    with place.service.store.begin() as connection:
        audit.record(connection, "main", "key_1", "session.begin", "session_1")
    logged = '<input type="checkbox" name="without_logins" value="true"'
    assert {each["action"] for each in admin.get("/audit.json").json()["entries"]} > {"session.begin"}
    assert f"{logged}>" in admin.get("/audit").text
    assert "session.begin" not in {each["action"] for each in admin.get("/audit.json?without_logins=true").json()["entries"]}
    assert f"{logged} checked>" in admin.get("/audit?without_logins=true").text
    verified = admin.get("/audit.json?check=true").json()["verified"]
    assert verified["holds"]
    assert admin.get(f"/audit.json?check=true&head={verified['head']}").json()["verified"]["holds"]
    wrong = verified["head"].split(":")[0] + ":" + "0" * 64
    assert "The trail is not whole" in told(admin.get(f"/audit?check=true&head={wrong}"))


def test_settings_are_for_admins_and_a_webhooks_secret_is_shown_once(place: Place) -> None:
    assert place.visitor("publisher").get("/settings").status_code == 403
    admin = place.visitor("admin")
    form = {"do": "add", "url": "https://hooks.example.org/two", "events": ["occurrence.held"], "once": "i"}
    page = admin.post("/settings?tab=webhooks", data=form)
    secret = re.search(r"whsec_[\w+/=-]+", unescape(page.text))[0]  # type: ignore[index]  # a secret is shown
    assert secret not in unescape(admin.post("/settings?tab=webhooks", data=form).text)
    assert secret not in unescape(admin.get("/settings?tab=webhooks").text)
    refused = admin.post("/settings?tab=webhooks", data={**form, "url": "https://elsewhere.example/", "once": "j"})
    assert (refused.status_code, "https://elsewhere.example/" in refused.text) == (422, True)


def test_cleaning_up_counts_before_it_deletes(place: Place) -> None:
    admin = place.visitor("admin")
    page = admin.post("/settings?tab=purge", data={"do": "purge", "once": "k"})
    assert "This is past its time" in told(page)
    assert "This was deleted" in told(admin.post("/settings?tab=purge", data={"do": "purge", "sure": "yes", "once": "l"}))
