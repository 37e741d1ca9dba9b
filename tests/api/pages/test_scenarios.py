"""What planners do with a scenario: every form does one thing, says what is wrong in plain words, and loses nothing that was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import FormData

from allocator.reference import every_rule
from api.app import create_app
from api.pages import edits
from api.pages.controls import controls, entered, same, shown, word_of
from api.pages.rule_names import rule_name
from api.pages.words import catalogue, say
from tests.api.pages.conftest import Town, published, visitor

PROMISE = "constraints.reservation[partner]"
OTHER = "constraints.reservation[two seats for the partner]"


@pytest.fixture(scope="module")
def client(town: Town) -> Iterator[TestClient]:
    """A planner's browser without scripts."""
    with TestClient(create_app(town.service.settings), follow_redirects=False) as web:
        web.headers.update({"Authorization": f"Bearer {town.secret('planner')}", "Accept": "text/html"})
        yield web


@pytest.fixture
def fresh(client: TestClient, town: Town) -> str:
    """The address of a scenario of one's own."""
    made = client.post("/scenarios", data={"name": "a trial", "base": town.world.ids["dataset_id"]})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def twin(client: TestClient, place: str, **query: Any) -> Any:
    answer = client.get(f"{place}.json", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client: TestClient) -> dict[str, Any]:
    """The scenarios of all pages of the list by name: those of the world were made first, so they may have come to stand on a later one."""
    found: dict[str, Any] = {}
    cursor = ""
    while True:
        page = twin(client, "/scenarios", cursor=cursor)
        found |= {each["name"]: each for each in page["lines"]}
        cursor = page["next_cursor"]
        if not cursor:
            return found


def own(client: TestClient, place: str) -> list[str]:
    return [each["text"] for each in twin(client, place)["sentences"]["own"]]


def filled_in(client: TestClient, place: str, rule: str, tab: str = "promises") -> dict[str, Any]:
    """The fields of a rule's form as the page shows them."""
    page = client.get(place, params={"rule": rule, "tab": tab}).text
    form = page[page.index(f"{place}/rule") : page.index("</form>", page.index(f"{place}/rule"))]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in told and (told.get("type") not in ("radio", "checkbox") or " checked" in tag):
            found.setdefault(told["name"], []).append(told.get("value", ""))
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = re.findall(r'value="([^"]*)" selected', inside)
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = [inside]
    return found


def save(client: TestClient, place: str, rule: str, tab: str = "promises", **changed: Any) -> Any:
    return client.post(f"{place}/rule", params={"rule": rule, "tab": tab}, data={**filled_in(client, place, rule, tab), **changed})


# -- controls -------------------------------------------------------------------------------------------------------

RULES = [page.as_dict() for page in every_rule()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['section']}.{rule['kind']}")
def test_every_parameter_of_every_rule_has_a_control_with_a_label(rule: dict[str, Any]) -> None:
    drawn = controls(rule)
    names = {line["name"] for line in rule["parameters"]} - ({"pins"} if rule["kind"] == "pins" else set())
    assert {control["name"] for control in drawn} == names
    assert all(control["label"] and control["is"] for control in drawn)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("reservation", "share", 0.3),
        ("reservation", "share", 0.125),
        ("reservation", "count", 1200),
        ("reservation", "weight", 2.5),
        ("reservation", "beneficiaries", {"partners": ["any"], "tiers": ["1", "2"]}),
        ("reservation", "merit_count", [3, 4]),
        ("business_target", "hard", True),
        ("match_quality", "weights", {"occupation": 30, "skills": 0}),
        ("priority_of_service", "local", [["homeless"], ["ex_offender", "farmworker"]]),
        ("staff_capacity", "extra_points", {"single_parent": 1}),
        ("stability", "keeps", ["offered"]),
    ],
)
def test_what_a_control_shows_is_read_back_as_the_same_value(kind: str, name: str, value: Any) -> None:
    rule = next(rule for rule in RULES if rule["kind"] == kind)
    control = next(control for control in controls(rule) if control["name"] == name)
    seen = shown(control, value)
    fields = [(control["field"], "yes" if seen is True else seen)]
    if control["is"] in ("group", "numbers"):
        fields = [(f"{control['field']}.{part}", each) for part, told in seen.items() for each in (told if isinstance(told, list) else [told])]
    elif control["is"] == "several":
        fields = [(control["field"], each) for each in seen]
    assert same(entered(control, FormData(fields)), value)


def test_a_release_keeps_its_steps_and_drops_those_without_a_day() -> None:
    rule = next(rule for rule in RULES if rule["kind"] == "reservation")
    control = next(control for control in controls(rule) if control["name"] == "release")
    first = [("after_days", "10"), ("calendar", "business"), ("to.populations", "homeless")]
    others = [("p.release.steps", "3"), ("p.release.1.before_start_days", "5"), ("p.release.2.after_days", "")]
    form = FormData([*((f"p.release.0.{name}", value) for name, value in first), *others])
    assert entered(control, form) == {
        "steps": [
            {"to": {"populations": ["homeless"]}, "after_days": 10, "calendar": "business"},
            {"to": "open", "before_start_days": 5, "calendar": "calendar"},
        ]
    }


def test_what_is_no_number_stays_as_it_was_typed() -> None:
    rule = next(rule for rule in RULES if rule["kind"] == "reservation")
    share = next(control for control in controls(rule) if control["name"] == "share")
    assert entered(share, FormData([("p.share", "a third")])) == "a third"
    assert entered(share, FormData([("p.share", "33.3 %")])) == 0.333


# -- edits ----------------------------------------------------------------------------------------------------------


def test_the_later_word_takes_the_place_of_the_earlier_and_back_is_no_change() -> None:
    first = edits.with_values([], PROMISE, {"share": 0.4}, {"share": "0.3"}, {"share": "0.3"})
    assert first == [{"op": "set", "path": f"{PROMISE}.share", "value": 0.4}]
    second = edits.with_values(first, PROMISE, {"share": 0.5}, {"share": "0.4"}, {"share": "0.3"})
    assert [change["value"] for change in second] == [0.5]
    assert edits.with_values(second, PROMISE, {"share": 0.3}, {"share": "0.5"}, {"share": "0.3"}) == []


def test_values_of_a_rule_that_the_scenario_added_go_into_its_change() -> None:
    added = [{"op": "add", "path": "constraints.budget[x]", "value": {"available": 5, "wage_cap": 20}}]
    told = edits.with_values(added, "constraints.budget[x]", {"available": 7, "wage_cap": None}, {"available": "5", "wage_cap": "20"}, None)
    assert told == [{"op": "add", "path": "constraints.budget[x]", "value": {"available": 7}}]
    assert edits.without_rule(told, "constraints.budget[x]") == []


def test_a_goal_that_never_was_leaves_the_order_too() -> None:
    added = [{"op": "add", "path": "goals.stability"}, {"op": "set", "path": "goals.order", "value": ["stability", "placements"]}]
    assert edits.without_change(added, 0) == [{"op": "set", "path": "goals.order", "value": ["placements"]}]
    assert edits.without_rule(added[1:], "goals.placements")[-1] == {"op": "remove", "path": "goals.placements"}


# -- the pages ------------------------------------------------------------------------------------------------------


def test_saving_a_form_as_it_is_changes_nothing(client: TestClient, fresh: str) -> None:
    for rule, tab in ((PROMISE, "promises"), (OTHER, "promises"), ("goals.match_quality", "goals")):
        assert save(client, fresh, rule, tab).status_code == 303
    told = twin(client, fresh)
    assert (told["sentences"]["own"], told["scenario"]["version"]) == ([], 1)


def test_a_promise_is_moved_and_moved_back(client: TestClient, fresh: str) -> None:
    assert save(client, fresh, PROMISE, **{"p.share": "60"}).status_code == 303
    assert own(client, fresh) == ["Reserve 60 % for any partner; was 30 %."]
    promise = next(each for each in twin(client, fresh)["outlook"]["promises"] if each["label"] == "partner")
    assert (promise["promised"], promise["seats"]) == (2, 3)
    assert save(client, fresh, PROMISE, **{"p.share": "30"}).status_code == 303
    assert own(client, fresh) == []


def test_a_promise_becomes_a_number_is_read_otherwise_and_is_switched_off(client: TestClient, fresh: str) -> None:
    save(client, fresh, PROMISE, **{"by": "count", "p.count": "1", "p.mode": "set_aside"})
    rule = next(each for each in twin(client, fresh)["rules"] if each["place"] == PROMISE)
    assert (rule["entry"]["share"], rule["entry"]["count"], rule["entry"]["mode"], rule["strength"]) == (None, 1, "set_aside", "must")
    save(client, fresh, PROMISE, **{"p.mode": "off"})
    rule = next(each for each in twin(client, fresh)["rules"] if each["place"] == PROMISE)
    assert (rule["enabled"], rule["strength"], rule["entry"]["mode"]) == (False, "off", "set_aside")


def test_a_refused_form_says_what_is_wrong_at_the_field_and_keeps_everything(client: TestClient, fresh: str) -> None:
    refused = save(client, fresh, PROMISE, **{"p.share": "130", "p.beneficiaries.seekers": "S1"})
    assert refused.status_code == 422
    assert "It was not saved" in refused.text
    assert 'value="130" aria-invalid="true" aria-describedby="fault-share"' in refused.text
    assert re.search(r'name="p.beneficiaries.seekers" value="S1"', refused.text)
    assert "changes[" not in refused.text
    assert f'href="{fresh}?' in refused.text, "links lead to the page, not to where the form was sent"
    assert own(client, fresh) == []


def described_by(page: str, field: str) -> list[str]:
    """The texts that a field's description is made of."""
    tag = next(tag for tag in re.findall(r"<(?:input|select|textarea|fieldset)[^>]*>", page) if re.search(rf'(?:name|id)="{re.escape(field)}"', tag))
    found = re.search(r'aria-describedby="([^"]*)"', tag)
    told = [re.findall(rf'<(p|div)([^>]*) id="{re.escape(each)}"[^>]*>(.*?)</\1>', page, re.DOTALL) for each in (found[1].split() if found else [])]
    assert [len(each) for each in told] == [1] * len(told), "each of them is there, and once"
    return [" ".join(re.sub(r"<[^>]*>", " ", each[0][2]).split()) for each in told]


def test_all_faults_of_a_field_are_told_with_it_and_so_is_its_hint(client: TestClient, fresh: str) -> None:
    blank = client.get(fresh, params={"add": "constraints.reservation"}).text
    assert described_by(blank, "label") == [say("scenario.label_hint")]
    assert described_by(blank, "c-merit_count") == [say("scenario.hint.reservation-merit_count")]
    values = {"p.merit_count": "x, -1", "p.release.steps": "2", "p.release.0.after_days": "-1", "p.release.1.after_days": "-2"}
    refused = save(client, fresh, PROMISE, **values)
    assert refused.status_code == 422
    hint, faults = described_by(refused.text, "c-merit_count")
    assert hint == say("scenario.hint.reservation-merit_count")
    assert ("is x." in faults, "is -1;" in faults) == (True, True)
    (steps,) = [tag for tag in re.findall(r"<fieldset[^>]*>", refused.text) if "hint-release " in tag]
    assert 'aria-describedby="hint-release fault-release"' in steps
    (told,) = re.findall(r'id="fault-release">(.*?)</div>', refused.text, re.DOTALL)
    assert ("is -1;" in told, "is -2;" in told) == (True, True)
    named = save(client, fresh, PROMISE, **{"p.beneficiaries.partners": ["NOPE1", "NOPE2"]})
    (told,) = re.findall(r'id="fault-beneficiaries">(.*?)</div>', named.text, re.DOTALL)
    assert ("partner NOPE1." in told, "partner NOPE2." in told) == (True, True)


def test_a_limit_on_moves_that_is_no_number_is_said_at_its_field(client: TestClient, fresh: str) -> None:
    sent = {"version": "1", "form": "stability", "keep": "some", "at_most": "many"}
    refused = client.post(f"{fresh}/stability", params={"tab": "limits"}, data=sent)
    assert refused.status_code == 422
    (told,) = described_by(refused.text, "at_most")
    assert told, "what is wrong"
    assert re.search(r'name="at_most"[^>]* aria-invalid="true"[^>]* value="many"', refused.text)
    other = client.post(f"{fresh}/rule", params={"tab": "limits", "rule": "constraints.change_limit"}, data={**sent, "form": "rule"})
    assert 'id="fault-at_most"' not in other.text


def checked(client: TestClient, place: str, rule: str, **changed: Any) -> Any:
    return client.post(f"{place}/check", params={"rule": rule}, data={**filled_in(client, place, rule), **changed})


def test_values_are_checked_before_they_are_saved(client: TestClient, fresh: str) -> None:
    fits = checked(client, fresh, PROMISE, **{"p.share": "60"})
    assert (fits.status_code, "With these values 2 of 3 seats are promised; 2 people belong there." in fits.text) == (200, True), fits.text
    assert 'value="60"' in fits.text
    assert "= 2 of 3 seats" in fits.text
    assert "Cannot be kept" in checked(client, fresh, OTHER, **{"p.count": "3"}).text
    wrong = checked(client, fresh, PROMISE, **{"p.share": "130", "p.beneficiaries.seekers": "S1"})
    assert (wrong.status_code, "This could not be saved:" in wrong.text, 'value="130"' in wrong.text) == (200, True, True)
    form = {"version": "1", "form": "rule", "label": "young", "by": "count", "p.count": "2", "p.mode": "minimum_hard", "p.beneficiaries.partners": "CBO1"}
    new = client.post(f"{fresh}/check", params={"add": "constraints.reservation"}, data=form)
    assert "With these values 2 of 3 seats are promised" in new.text
    assert (own(client, fresh), twin(client, fresh)["scenario"]["version"]) == ([], 1)


def looked_at(client: TestClient, place: str, tab: str, form: str, **entered: str) -> str:
    """What a check says of a form that is not a rule's."""
    answer = client.post(f"{place}/check", params={"tab": tab, "pin": "true"}, data={"version": "1", "form": form, **entered})
    assert answer.status_code == 200, answer.text
    said = answer.text.split(f'<div id="foreseen-{form}" data-foreseen>')[1].split('<div class="actions">')[0]
    return " ".join(re.sub("<[^>]*>", " ", said).split())


def test_a_decision_about_a_person_is_checked_before_it_is_saved(client: TestClient, fresh: str) -> None:
    assert "fits the data" in looked_at(client, fresh, "pins", "pin", person="S1", slot="J1", action="fix")
    assert "S99 is not in seekers" in looked_at(client, fresh, "pins", "pin", person="S99", slot="J1", action="forbid")
    assert "the pair is not in pairs" in looked_at(client, fresh, "pins", "pin", person="S1", slot="J2", action="fix")
    assert looked_at(client, fresh, "pins", "pin", person="S1", slot="", action="fix") == ""
    assert (own(client, fresh), twin(client, fresh)["scenario"]["version"]) == ([], 1)


def test_a_limit_on_moves_is_checked_before_it_is_saved(client: TestClient, fresh: str) -> None:
    assert "Each run needs a plan" in looked_at(client, fresh, "limits", "stability", keep="gaps")
    assert "This could not be saved" in looked_at(client, fresh, "limits", "stability", keep="some", at_most="many")
    assert looked_at(client, fresh, "limits", "stability", keep="some", at_most="") == ""
    assert "fits the data" in looked_at(client, fresh, "limits", "stability", keep="free", at_most="")
    assert (own(client, fresh), twin(client, fresh)["scenario"]["version"]) == ([], 1)


def test_a_check_sees_the_scenario_under_this_one(client: TestClient, fresh: str) -> None:
    save(client, fresh, OTHER, **{"p.count": "1"})
    made = client.post("/scenarios", data={"name": "on top", "base": fresh.rsplit("/", 1)[1]}).headers["location"]
    assert "With these values 1 of 3 seats is promised" in checked(client, made, OTHER).text
    save(client, fresh, OTHER, **{"p.count": "2"})
    assert "With these values 1 of 3 seats is promised" in checked(client, made, OTHER).text, "what was changed there later does not change this one"


def test_two_people_who_change_the_same_scenario_lose_nothing(client: TestClient, fresh: str) -> None:
    mine = {**filled_in(client, fresh, PROMISE), "p.share": "55"}
    assert save(client, fresh, OTHER, **{"p.count": "1"}).status_code == 303
    refused = client.post(f"{fresh}/rule", params={"rule": PROMISE}, data=mine)
    assert refused.status_code == 412
    assert "Reserve 1 seat for partner CBO1; was 2." in refused.text
    assert 'value="55"' in refused.text
    assert '<input type="hidden" name="version" value="2">' in refused.text
    assert client.post(f"{fresh}/rule", params={"rule": PROMISE}, data={**mine, "version": "2"}).status_code == 303
    assert own(client, fresh) == ["Reserve 1 seat for partner CBO1; was 2.", "Reserve 55 % for any partner; was 30 %."]


def test_a_rule_is_added_changed_and_taken_out(client: TestClient, fresh: str) -> None:
    form = {"version": "1", "form": "rule", "label": "no more [than] this", "strength": "must", "p.at_most": "2"}
    assert client.post(f"{fresh}/added", params={"tab": "limits", "add": "constraints.reverse_referral_cap"}, data=form).status_code == 303
    (place,) = [each["place"] for each in twin(client, fresh)["rules"] if each["kind"] == "reverse_referral_cap"]
    assert place == "constraints.reverse_referral_cap[no more (than) this]"
    assert save(client, fresh, place, "limits", **{"p.at_most": "3"}).status_code == 303
    assert twin(client, fresh)["scenario"]["changes"] == [{"op": "add", "path": place, "value": {"at_most": 3}}]
    client.post(f"{fresh}/changed", data={"version": "3", "do": f"remove:{place}"})
    assert own(client, fresh) == []
    client.post(f"{fresh}/changed", data={"version": "4", "do": f"remove:{OTHER}"})
    assert own(client, fresh) == ["The rule reservation two seats for the partner is taken out of the policy."]
    client.post(f"{fresh}/changed", data={"version": "5", "do": "drop:0"})
    assert own(client, fresh) == []


def test_goals_are_added_and_put_in_order(client: TestClient, fresh: str) -> None:
    form = {"version": "1", "form": "rule", "strength": "prefer"}
    assert client.post(f"{fresh}/added", params={"tab": "goals", "add": "goals.placements"}, data=form).status_code == 303

    def goals() -> list[str]:
        return [each["kind"] for each in twin(client, fresh)["rules"] if each["section"] == "goals"]

    assert goals() == ["shortfall", "match_quality", "placements"]
    assert client.post(f"{fresh}/changed", data={"version": "2", "do": "up:placements"}).status_code == 303
    assert goals() == ["shortfall", "placements", "match_quality"]
    assert client.post(f"{fresh}/changed", data={"version": "3", "do": "drop:0"}).status_code == 303
    assert goals() == ["shortfall", "match_quality"]


def test_a_pin_is_kept_with_its_reason_and_taken_out(client: TestClient, fresh: str) -> None:
    form = {"version": "1", "person": "S1", "slot": "J1", "action": "forbid", "reason": "knows the owner", "author": "A. Lee", "expires": "2026-12-31"}
    assert client.post(f"{fresh}/pinned", data=form).status_code == 303
    (pin,) = twin(client, fresh)["outlook"]["pins"]
    assert (pin["seeker_id"], pin["action"], pin["reason"], pin["expires"][:10]) == ("S1", "forbid", "knows the owner", "2026-12-31")
    assert "knows the owner" in client.get(fresh, params={"tab": "pins"}).text
    refused = client.post(f"{fresh}/pinned", params={"tab": "pins", "pin": "true"}, data={**form, "version": "2", "person": "S99"})
    assert (refused.status_code, 'value="S99"' in refused.text) == (422, True)
    assert client.post(f"{fresh}/changed", data={"version": "2", "do": "unpin:S1\nJ1"}).status_code == 303
    assert (twin(client, fresh)["outlook"]["pins"], own(client, fresh)) == ([], [])


def test_running_it_leads_to_the_run_and_copies_to_the_trade_offs(client: TestClient, fresh: str) -> None:
    ran = client.post(f"{fresh}/run", data={"time_limit": "30", "seed": "7", "note": "before the board"})
    assert re.fullmatch(r"/runs/run_\w+", ran.headers["location"])
    assert client.post(f"{fresh}/run", data={"seed": "x"}).status_code == 422
    swept = client.post(f"{fresh}/sweep", data={"path": f"{PROMISE}.share", "start": "0", "stop": "60", "step": "20"})
    assert re.fullmatch(r"/tradeoffs/sweep_\w+", swept.headers["location"]), swept.text
    sweep = client.get(f"/v1/sweeps/{swept.headers['location'].rsplit('/', 1)[1]}").json()
    assert sweep["axes"][0]["values"] == [0, 0.2, 0.4, 0.6]
    refused = client.post(f"{fresh}/sweep", params={"tab": "run"}, data={"path": f"{PROMISE}.share", "start": "0", "stop": "0", "step": "x"})
    assert refused.status_code == 422


def test_moves_are_limited_against_a_plan_that_is_chosen_when_it_runs(client: TestClient, town: Town, fresh: str) -> None:
    before = published(town)
    limits = client.get(fresh, params={"tab": "limits"}).text
    assert "Moves are counted from an earlier plan." in limits
    saved = client.post(f"{fresh}/stability", params={"tab": "limits"}, data={"version": "1", "form": "stability", "keep": "some", "at_most": "2"})
    assert saved.status_code == 303, saved.text
    told = twin(client, fresh)
    assert (told["outlook"]["needs_reference"], told["warnings"]) == (True, [])
    first = told["plans_before"][0]
    assert (first["what"], first["run"]) == ("publication", before)
    page = client.get(fresh).text
    assert "Each run needs a plan that moves are counted from" in page
    assert page.index('id="reference_run"') < page.index(">Run</button>"), "what must be chosen is not hidden among the options"
    refused = client.post(f"{fresh}/run", data={"reference_run": ""})
    assert (refused.status_code, "none is named" in refused.text) == (422, True)
    ran = client.post(f"{fresh}/run", data={"reference_run": first["run"]})
    assert client.get(f"/v1/runs/{ran.headers['location'].rsplit('/', 1)[1]}").json()["reference_run"] == first["run"]
    sweep = {"path": f"{PROMISE}.share", "start": "0", "stop": "60", "step": "20", "sweep_reference": first["run"]}
    assert client.post(f"{fresh}/sweep", params={"tab": "run"}, data=sweep).status_code == 303
    gaps = {"version": "2", "form": "stability", "keep": "gaps"}
    assert client.post(f"{fresh}/stability", params={"tab": "limits"}, data=gaps).status_code == 303
    assert twin(client, fresh)["scenario"]["changes"] == [{"op": "add", "path": "constraints.change_limit", "value": {"at_most": 0}}]
    assert client.post(f"{fresh}/stability", params={"tab": "limits"}, data={**gaps, "version": "3", "keep": "free"}).status_code == 303
    assert twin(client, fresh)["outlook"]["needs_reference"] is False


def test_it_is_renamed_versions_are_read_and_it_is_archived(client: TestClient, fresh: str) -> None:
    assert client.post(f"{fresh}/about", data={"version": "1", "name": "another name", "note": "agreed"}).status_code == 303
    assert "another name" in client.get(fresh).text
    old = client.get(fresh, params={"version": 1}).text
    assert ("a trial" in old, "Go to the latest" in old, "/rule?" in old) == (True, True, False)
    assert client.post(f"{fresh}/archive").headers["location"] == "/scenarios"
    assert "another name" not in client.get("/scenarios").text
    assert "another name" in client.get("/scenarios", params={"archived": "true"}).text
    assert "is archived" in client.get(fresh).text


def test_the_list_tells_the_last_run_and_the_difference_to_the_base(client: TestClient, town: Town) -> None:
    lines = listed(client)
    assert lines["world"]["run"]["placed"] == 3
    assert (lines["impossible"]["run"]["outcome"], lines["impossible"]["run"]["placed"]) == ("infeasible", None)
    made = client.post("/scenarios", data={"name": "on top", "base": town.world.ids["scenario_id"]})
    on_top = next(each for each in twin(client, "/scenarios")["lines"] if each["id"] == made.headers["location"].rsplit("/", 1)[1])  # the newest
    assert (on_top["base"]["scenario"]["name"], on_top["run"], on_top["difference"]) == ("world", None, None)


def test_readings_are_told_in_people(client: TestClient, town: Town) -> None:
    told = twin(client, f"/scenarios/{town.world.ids['scenario_id']}", rule=OTHER, readings="true")["readings"]
    assert told["missing"] == ""
    assert {line["mode"] for line in told["lines"]} >= {"off", "minimum_hard", "minimum_best_effort", "set_aside", "cap"}
    assert sum(line["now"] for line in told["lines"]) == 1
    place = f"/scenarios/{listed(client)['impossible']['id']}"
    assert twin(client, place, rule=OTHER, readings="true")["readings"] == {"missing": "no_run"}


def test_promises_above_their_people_are_told_before_any_run(client: TestClient) -> None:
    place = f"/scenarios/{listed(client)['impossible']['id']}"
    assert "3 seats are promised to partner CBO1, but only 2 of the people in the pool belong there." in client.get(place).text


def test_a_conflict_is_told_with_its_way_out_and_repaired(client: TestClient, town: Town) -> None:
    place = f"/runs/{town.world.infeasible_run}/conflict"
    told = twin(client, place)
    assert [(bend["label"], bend["promised"], bend["possible"]) for bend in told["bends"]] == [("two seats for the partner", 3, 2)]
    made = client.post(place, data={"name": "what is possible", "note": "agreed"})
    assert made.status_code == 303, made.text
    assert own(client, made.headers["location"]) == ["Reserve 2 seats for partner CBO1; was 3."]
    assert twin(client, f"/runs/{town.world.ids['run_id']}/conflict")["told"] is None
    ran = client.post(place, data={"then": "run"})
    assert re.fullmatch(r"/runs/run_\w+", ran.headers["location"]), ran.text
    repaired = client.get(f"/v1{ran.headers['location']}").json()["scenario_id"]
    assert own(client, f"/scenarios/{repaired}") == ["Reserve 2 seats for partner CBO1; was 3."]


def test_promises_are_told_in_a_line_each(client: TestClient, town: Town) -> None:
    rules = {each["place"]: each for each in twin(client, f"/scenarios/{town.world.ids['scenario_id']}")["rules"]}
    assert {name: rules[OTHER]["glance"][name] for name in ("who", "where", "much")} == {
        "who": "A community organization",
        "where": "All slots",
        "much": "2 of 3",
    }
    assert rules[PROMISE]["glance"]["who"] == "Any partner"


@pytest.mark.parametrize(
    ("what", "code", "word"),
    [
        ("counties", "41067", "Washington County"),
        ("counties", "06037", "06037"),
        ("occupations", "47-2031", "Carpenters"),
        ("occupations", "47-9999", "Construction and extraction (47-9999)"),
        ("sectors", "31-33", "Manufacturing"),
        ("sectors", "6211", "Health care (6211)"),
    ],
)
def test_official_codes_have_words(what: str, code: str, word: str) -> None:
    assert word_of(what, code) == word


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule["section"] != "eligibility"], ids=lambda rule: rule["kind"])
def test_every_kind_of_promise_limit_and_goal_has_a_word(rule: dict[str, Any]) -> None:
    assert f"rules.{rule['kind']}" in catalogue("en")


def test_a_rule_is_called_by_its_own_name_or_by_the_word_for_its_kind() -> None:
    assert rule_name("budget") == rule_name("budget", "budget") == rule_name("budget", "") == rule_name("", "budget") == "Budget"
    assert rule_name("budget", "adult money") == rule_name("", "adult money") == "adult money"
    assert rule_name("some_new_kind") == rule_name("some_new_kind", "some_new_kind") == "Some new kind"
    assert rule_name("reservation", "budget") == "budget", "a promise that somebody calls so is no budget"


def test_a_rule_has_the_same_name_on_every_page(client: TestClient, town: Town) -> None:
    ids = town.world.ids
    names = {(each["kind"], each["label"]): each["name"] for each in twin(client, f"/scenarios/{ids['scenario_id']}")["rules"]}
    names |= {
        (each["kind"], ""): each["name"] for each in twin(client, f"/scenarios/{ids['scenario_id']}", tab="goals")["rules"] if each["label"] == each["kind"]
    }
    assert names["match_quality", "match_quality"] == "Better matches"
    compared = twin(client, "/compare", base=ids["run_id"], **{"with": ids["free_run"]})
    goals = [each for each in compared["figures"] if each.get("kind")]
    assert {each["name"] for each in goals} <= set(names.values())
    assert {each["name"] for each in compared["rules"]} <= set(names.values())
    result = client.get(f"/runs/{ids['run_id']}", params={"tab": "rules"}).text
    shown = set(re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]*)', result))
    assert {each["name"] for each in goals} <= shown <= set(names.values())
    frontier = twin(client, f"/tradeoffs/{ids['wide_sweep']}")
    assert {each["name"] for each in frontier["goals"]} <= set(names.values())
    conflict = client.get(f"/runs/{town.world.infeasible_run}/conflict").text
    assert set(re.findall(r'<th scope="row">([^<]*)', conflict)) == {"two seats for the partner"} <= set(names.values())


def test_viewers_read_and_have_no_forms(town: Town) -> None:
    with TestClient(create_app(town.service.settings)) as web:
        web.headers.update({"Authorization": f"Bearer {town.secret('viewer')}", "Accept": "text/html"})
        for place in (f"/scenarios/{town.world.ids['scenario_id']}", f"/runs/{town.world.infeasible_run}/conflict", "/scenarios"):
            page = web.get(place).text
            assert re.findall(r'<form method="post" action="(?!/logout)', page) == [], place


def test_slider_and_box_say_the_same_and_count_seats(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "planner")
    who.open(f"/scenarios/{town.world.ids['scenario_id']}?rule=constraints.reservation%5Bpartner%5D")
    box, slider = who.page.get_by_label("Share of the seats", exact=True), who.page.get_by_label("Share of the seats, as a slider")
    slider.focus()
    before = box.input_value()
    who.page.keyboard.press("ArrowRight")
    assert int(box.input_value()) == int(before) + 1
    box.fill("50")
    assert slider.input_value() == "50"
    assert who.page.locator("output").first.text_content() == "= 2 of 3 seats"  # 1.5, rounded as the promise rounds
    who.page.context.close()


def test_what_is_typed_is_checked_at_once_and_not_saved(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "planner")
    who.open(f"/scenarios/{town.world.ids['scenario_id']}?rule=constraints.reservation%5Btwo%20seats%20for%20the%20partner%5D")
    assert not who.page.get_by_role("button", name="Check", exact=True).is_visible()
    who.page.get_by_label("Number of seats", exact=True).fill("3")
    who.page.get_by_text("only 2 of the people in the pool belong there").wait_for()
    assert who.page.get_by_label("Number of seats", exact=True).evaluate("each => each === document.activeElement")
    who.page.get_by_label("Number of seats", exact=True).fill("1")
    who.page.get_by_text("With these values 1 of 3 seats is promised").wait_for()
    who.page.reload()
    assert who.page.get_by_label("Number of seats", exact=True).input_value() == "2"
    who.page.context.close()


def test_a_decision_and_a_limit_on_moves_are_checked_as_they_are_entered(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "planner")
    who.open(f"/scenarios/{town.world.ids['scenario_id']}?tab=pins&pin=true")
    foreseen = who.page.locator("#foreseen-pin")
    who.page.get_by_label("Person", exact=True).fill("S1")
    who.page.get_by_label("Slot", exact=True).fill("J2")
    foreseen.get_by_text("the pair is not in pairs").wait_for()
    assert who.page.get_by_label("Slot", exact=True).evaluate("each => each === document.activeElement")
    who.page.get_by_label("Slot", exact=True).fill("J1")
    foreseen.get_by_text("This fits the data").wait_for()
    who.open(f"/scenarios/{town.world.ids['scenario_id']}?tab=limits")
    who.page.get_by_label("Nobody moves").check()
    who.page.locator("#foreseen-stability").get_by_text("Each run needs a plan").wait_for()
    who.page.reload()
    assert not who.page.get_by_label("Nobody moves").is_checked()
    who.page.context.close()


def test_readings_are_waited_for_without_stopping_anybody(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "planner")
    held: list[Any] = []
    who.page.route("**/scenarios/*readings=true*", lambda route: held.append(route))
    who.open(f"/scenarios/{town.world.ids['scenario_id']}?rule=constraints.reservation%5Bpartner%5D")
    assert not who.page.get_by_role("progressbar").is_visible()
    who.page.get_by_role("link", name="Show what each reading would do").click()
    who.page.get_by_role("progressbar").wait_for()
    assert "Working out what each reading would do" in (who.page.locator("#said").text_content() or "")
    assert who.page.locator("#main").get_attribute("aria-busy") is None
    who.page.get_by_label("Share of the seats", exact=True).fill("50")
    who.page.get_by_text("With these values").wait_for()
    held[0].continue_()
    who.page.get_by_role("columnheader", name="Reading", exact=True).wait_for()
    assert not who.page.get_by_role("progressbar").is_visible()
    assert who.page.get_by_text("proved best").count() > 1
    assert who.page.get_by_label("Share of the seats", exact=True).input_value() == "50"
    who.page.context.close()


def test_a_promise_is_changed_by_keyboard_alone_and_without_script(town: Town, chromium: Any) -> None:
    for script in (True, False):
        who = visitor(chromium, town, "planner", java_script_enabled=script)
        who.open(f"/scenarios?new={town.world.ids['dataset_id']}")
        who.page.locator("#name").focus()
        who.page.keyboard.type(f"by keyboard, script {script}")
        who.page.keyboard.press("Enter")
        change = who.page.get_by_role("link", name="Change: partner", exact=True)
        change.focus()
        who.page.keyboard.press("Enter")
        who.page.get_by_label("Share of the seats", exact=True).focus()
        who.page.keyboard.press("Control+A")
        who.page.keyboard.type("40")
        who.page.keyboard.press("Enter")
        who.page.get_by_text("Reserve 40 % for any partner; was 30 %.").first.wait_for()
        who.page.context.close()


def test_a_group_says_the_same_in_whatever_order_and_a_list_of_steps_does_not() -> None:
    one, other = ({"steps": [{"to": {"populations": codes}, "after_days": 10}]} for codes in (["homeless", "ex_offender"], ["ex_offender", "homeless"]))
    assert same(one, other)
    assert not same({"steps": [*one["steps"], {"to": "open"}]}, {"steps": [{"to": "open"}, *one["steps"]]})
    assert not same({"populations": ["homeless"]}, {"populations": ["homeless", "ex_offender"]})
    assert not same(["goal a", "goal b"], ["goal b", "goal a"])
