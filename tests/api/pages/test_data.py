"""The pages about data: what is wrong is shown cell by cell and mended by another upload, nothing counts twice, and what is protected stays so."""

from __future__ import annotations

import re
from typing import Any

import httpx2 as httpx
import pytest

from api.access.roles import ROLES, Role
from tests.api.pages.conftest import Asked, Town, visitor
from tests.api.pages.of_data import FAULTY

MENDED = {"seekers.csv": "seeker_id,center_id,veteran\nS1,C1,yes\nS2,C1,no\n", "slots.csv": "slot_id,openings,center_id\nJ1,1,C1\nJ2,2,C1\n"}
TABS = ("records", "columns", "changes", "faults")


def send(client: httpx.Client, files: dict[str, str], once: str = "", **fields: str) -> httpx.Response:
    """Send the form of the page."""
    sent = [("files", (name, text.encode(), "text/csv")) for name, text in files.items()]
    return client.post("/data", data={"once": once, **fields}, files=sent)


def brought(client: httpx.Client, files: dict[str, str], once: str = "", **fields: str) -> str:
    """The address of the dataset that an upload has made."""
    answer = send(client, files, once, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def names(client: httpx.Client, query: str = "") -> list[str]:
    """The datasets in the list."""
    return [each["name"] for each in client.get(f"/data.json{query}").json()["datasets"]]


def test_a_faulty_upload_is_kept_and_every_kind_of_fault_shown_with_its_cell(asked: Asked) -> None:
    planner = asked("planner", "faulty")
    place = brought(planner, FAULTY, name="as it came")
    told = planner.get(f"{place}.json").json()
    assert (told["dataset"]["name"], told["dataset"]["usable"], told["tab"], told["tabs"]) == ("as it came", False, "faults", ["faults", "columns"])
    counts = planner.get(f"/v1/datasets/{told['dataset']['id']}/issue-counts").json()
    assert {(each["code"], each["severity"], each["count"]) for each in told["groups"]} == {(each["code"], each["severity"], each["count"]) for each in counts}
    shown = [issue for group in told["groups"] for alike in group["issues"] for issue in alike]
    with_cells = {
        (each["file"], each["row"], each["cells"]["columns"][each["cells"]["at"]], each["cells"]["cells"][each["cells"]["at"]])
        for each in shown
        if each["cells"]
    }
    assert with_cells >= {("seekers.csv", 2, "veteran", "perhaps"), ("slots.csv", 2, "openings", "-1")}
    page = planner.get(place).text
    assert all(each["message"] in page.replace("&#39;", "'").replace("&#34;", '"') for each in shown)
    assert re.search(r'class="faulty"[^<]*<span aria-hidden="true">✕ </span><span class="unseen">faulty: </span>perhaps', page)
    for form, kind in (("xlsx", "spreadsheetml"), ("csv", "text/csv")):
        link = f"/v1/datasets/{told['dataset']['id']}/issues.{form}"
        assert f'href="{link}"' in page
        assert kind in planner.get(link).headers["content-type"]


def test_all_faults_of_a_kind_come_in_pieces_and_none_is_left_out(asked: Asked) -> None:
    planner = asked("planner", "faulty")
    place = brought(planner, FAULTY)
    group = max(planner.get(f"{place}.json").json()["groups"], key=lambda each: each["count"])
    rows, cursor = [], ""
    while True:
        told = planner.get(f"{place}.json", params={"tab": "faults", "code": group["code"], "cursor": cursor}).json()
        rows += [issue["row"] for each in told["groups"] for alike in each["issues"] for issue in alike]
        cursor = told["next_cursor"]
        if not cursor:
            break
    assert (len(rows), len(set(rows))) == (group["count"], group["count"])
    assert group["count"] > 50, "or else there is one piece only"


def test_mended_files_make_a_dataset_that_can_be_used_and_the_faulty_one_stays(asked: Asked) -> None:
    planner = asked("planner", "mended")
    faulty, good = brought(planner, FAULTY, name="export"), brought(planner, MENDED, name="export", as_of="2026-11-02")
    told = planner.get(f"{good}.json").json()
    assert (told["dataset"]["usable"], told["dataset"]["as_of"], told["tab"]) == (True, "2026-11-02", "records")
    assert [each["seeker_id"] for each in told["records"]] == ["S1", "S2"]
    assert names(planner) == ["export", "export"]
    assert planner.get(f"{faulty}.json").json()["dataset"]["usable"] is False
    made = planner.post(f"{good}/scenario", data={"name": "first try"})
    assert (made.status_code, made.headers["location"].startswith("/scenarios/")) == (303, True)
    assert [each["name"] for each in planner.get(f"{good}.json").json()["scenarios"]] == ["first try"]


def test_nothing_can_be_made_from_faulty_data(asked: Asked) -> None:
    planner = asked("planner", "mended")
    place = brought(planner, FAULTY)
    assert f"{place}/scenario" not in planner.get(place).text
    refused = planner.post(f"{place}/scenario", data={"name": "in vain"})
    assert refused.status_code in (409, 422)
    assert 'role="alert"' in refused.text


def test_an_upload_that_cannot_be_read_leaves_what_was_entered(asked: Asked) -> None:
    planner = asked("planner", "unread")
    for files, fields in (
        ({"a.zip": "no archive"}, {"name": "typed <b>"}),
        ({"seekers.csv": "seeker_id\nS1\n"}, {"as_of": "some day", "name": "typed <b>"}),
        ({}, {"name": "typed <b>"}),
    ):
        refused = send(planner, files, **fields) if files else planner.post("/data", data=fields)
        assert refused.status_code in (400, 413, 415, 422), refused.status_code
        assert ('role="alert"' in refused.text, 'value="typed &lt;b&gt;"' in refused.text) == (True, True)
    assert names(planner) == []


def test_a_form_that_is_sent_twice_counts_once(asked: Asked) -> None:
    planner = asked("planner", "twice")
    first, second = (brought(planner, MENDED, once="the same form", name="export") for _ in range(2))
    assert first == second
    assert names(planner) == ["export"]
    made = {planner.post(f"{first}/scenario", data={"name": "one", "once": "its form"}).headers["location"] for _ in range(2)}
    assert len(made) == 1
    assert len(planner.get(f"{first}.json").json()["scenarios"]) == 1
    assert brought(planner, MENDED, once="another form", name="export") != first


def test_archived_data_leave_the_list_and_show_no_records(asked: Asked) -> None:
    planner = asked("planner", "archive")
    place = brought(planner, MENDED, name="to go")
    done = planner.post(f"{place}/archive")
    assert (done.status_code, done.headers["location"]) == (303, "/data")
    assert (names(planner), names(planner, "?archived=true")) == ([], ["to go"])
    told = planner.get(f"{place}.json").json()
    assert (told["tabs"], "records" in told) == (["faults"], False)
    page = planner.get(f"{place}?tab=records").text
    assert "S1" not in page
    assert f"{place}/archive" not in page


def test_data_in_use_are_not_archived_and_the_page_says_why(town: Town, asked: Asked) -> None:
    place = f"/data/{town.world.ids['dataset_id']}"
    planner = asked("planner")
    refused = planner.post(f"{place}/archive")
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    assert planner.get(f"{place}.json").json()["dataset"]["purged_at"] is None


def test_changes_tell_who_came_went_and_differs(asked: Asked) -> None:
    planner = asked("planner", "changes")
    brought(planner, MENDED, name="export")
    later = {"seekers.csv": "seeker_id,center_id,veteran\nS2,C1,yes\nS3,C1,no\n", "slots.csv": MENDED["slots.csv"]}
    place = brought(planner, later, name="export")
    told = planner.get(f"{place}.json?tab=changes").json()
    seekers = next(each for each in told["changes"]["tables"] if each["table"] == "seekers")
    assert (seekers["ids_come"], seekers["ids_gone"], [each["id"] for each in seekers["records_changed"]]) == (["S3"], ["S1"], ["S2"])
    page = planner.get(f"{place}?tab=changes").text
    assert re.search(r'<th scope="row">S2</th><td>veteran</td><td>no</td><td>yes</td>', page)


@pytest.mark.parametrize("role", [role for role in ROLES if "read" in ROLES[role]])
def test_demographics_are_shown_nowhere(role: Role, town: Town, asked: Asked) -> None:
    client, place = asked(role), f"/data/{town.world.ids['dataset_id']}"
    for tab in TABS:
        for query in (f"tab={tab}", f"tab={tab}&table=demographics", f"tab={tab}&q=female"):
            twin, page = (client.get(f"{place}{end}?{query}") for end in (".json", ""))
            assert (twin.status_code, page.status_code) == (200, 200), query
            assert "female" not in twin.text.replace("q=female", "").replace('"q":"female"', ""), query
            assert "female" not in page.text.replace('value="female"', "").replace("q=female", ""), query
    refused = client.get(f"/v1/datasets/{town.world.ids['dataset_id']}/tables/demographics")
    assert refused.status_code in (403, 404, 422)


def test_another_board_s_data_are_not_there(town: Town, asked: Asked) -> None:
    stranger, place = asked("admin", "elsewhere"), f"/data/{town.world.ids['dataset_id']}"
    for path in (place, f"{place}.json", *(f"{place}?tab={tab}" for tab in TABS)):
        assert stranger.get(path).status_code == 404, path
    for action in ("scenario", "archive"):
        assert stranger.post(f"{place}/{action}", data={"name": "mine"}).status_code == 404, action
    mine = brought(stranger, MENDED, name="mine")
    assert stranger.get(f"{mine}.json", params={"tab": "changes", "since": town.world.ids["dataset_id"]}).json()["since"] is None
    assert names(stranger) == ["mine"]


def test_readers_are_offered_no_forms(town: Town, asked: Asked) -> None:
    viewer = asked("viewer")
    assert 'id="upload"' not in viewer.get("/data").text
    assert 'class="grave"' not in viewer.get(f"/data/{town.world.ids['dataset_id']}").text
    assert send(viewer, MENDED).status_code == 403


def files_for(page: Any, files: dict[str, str]) -> None:
    """Choose files, as the dialog of the browser would."""
    page.get_by_label("Files").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in files.items()])


def test_everything_works_without_script(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner", "no-script", java_script_enabled=False)
    page = who.page
    who.open("/data")
    files_for(page, FAULTY)
    page.get_by_label("Name").fill("export")
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("cell", name="faulty: perhaps").wait_for()
    page.get_by_role("link", name="Show all").first.click()
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Back to the start").wait_for()
    page.goto(f"{town.address}/data")
    files_for(page, MENDED)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_label("Holds the text").fill("S2")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.get_by_role("rowheader").all_inner_texts() == ["S2"]
    for tab in ("How columns were understood", "What has changed", "Faults and warnings", "Records"):
        page.get_by_role("link", name=tab).click()
        assert page.get_by_role("link", name=tab).get_attribute("aria-current") == "page"
    page.get_by_text("Archive", exact=True).click()
    page.get_by_role("button", name="Archive these data").click()
    page.get_by_role("link", name="Show archived ones too").click()
    page.get_by_text("Archived", exact=False).first.wait_for()
    assert who.heard == []
    page.context.close()


def tab_to(page: Any, name: str) -> None:
    """Go forward with the tabulator until something of this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
        if name in at:
            return
    raise AssertionError(f"the keyboard does not come to {name!r}")


def test_the_keyboard_is_enough(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner", "keyboard")
    page = who.page
    who.open("/data")
    tab_to(page, "Files")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in MENDED.items()])
    tab_to(page, "Name")
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="typed").wait_for()
    tab_to(page, "What has changed")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing to compare with yet").wait_for()
    tab_to(page, "Archive")
    page.keyboard.press("Enter")
    tab_to(page, "Archive these data")
    page.keyboard.press("Enter")
    page.get_by_text("No data yet").wait_for()
    assert who.heard == []
    page.context.close()
