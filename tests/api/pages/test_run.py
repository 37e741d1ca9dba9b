"""A run and its result: what the page tells, what its forms do, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest

from api.answering.pool import Answerers
from api.pages.words import catalogue
from api.problems import ProblemError
from tests.api.pages.conftest import Town, published, visitor

Open = Callable[..., httpx.Client]


@pytest.fixture
def open_as(town: Town) -> Iterator[Open]:
    """Whoever asks without a browser, with a key of a role."""
    made: list[httpx.Client] = []

    def client(role: Any = "planner") -> httpx.Client:
        headers = {"Authorization": f"Bearer {town.secret(role)}", "Accept": "application/json, text/html"}
        made.append(httpx.Client(base_url=town.address, headers=headers, timeout=120, trust_env=False))
        return made[-1]

    yield client
    for each in made:
        each.close()


def sent(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """A form as it is sent from the page itself."""
    return client.post(path, data=form, headers={"Origin": str(client.base_url).rstrip("/")})


def waiting_in(client: httpx.Client, run_id: str) -> str:
    """Somebody without a slot."""
    return str(client.get(f"/v1/runs/{run_id}/unplaced").json()["items"][0]["seeker_id"])


def test_the_twin_has_the_figures_of_the_api(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    told = client.get(f"/runs/{run_id}.json").json()
    assert (told["stage"], told["kpis"]) == ("plan", client.get(f"/v1/runs/{run_id}/kpis").json())
    assert told["listing"]["items"] == client.get(f"/v1/runs/{run_id}/assignments").json()["items"]
    assert told["against"] is None
    beside = client.get(f"/runs/{town.world.second_run}.json").json()["against"]
    assert (beside["run_id"], beside["how"]) == (run_id, "reference")


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("waiting_run", "open"),
        ("working_run", "open"),
        ("stopped_run", "cancelled"),
        ("failed_run", "failed"),
        ("unsolved_run", "no_solution"),
        ("purged_run", "purged"),
    ],
)
def test_every_run_says_where_it_stands(open_as: Open, town: Town, name: str, stage: str) -> None:
    client, run_id = open_as(), town.world.ids[name]
    assert client.get(f"/runs/{run_id}.json").json()["stage"] == stage
    page = client.get(f"/runs/{run_id}").text
    assert ("data-live" in page) == (stage == "open")
    assert (f'action="/runs/{run_id}/again"' in page) == (stage != "open")


def test_a_run_that_works_tells_what_its_attempt_has_found(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["working_run"]
    trace = client.get(f"/v1/runs/{run_id}/trace").json()
    assert [moment["goal"] for moment in trace["items"]] == ["shortfall", *["match_quality"] * 3], "an attempt that broke off counts no more"
    assert [moment["seconds"] for moment in trace["items"]] == [1.0, 2.0, 3.0, 4.0]
    page = client.get(f"/runs/{run_id}").text
    assert "Closing in" in page
    assert "45, so 24.3% at most" in page
    assert client.get(f"/v1/runs/{town.world.ids['waiting_run']}/trace").json()["items"] == []


def test_a_run_is_stopped_and_asked_again(open_as: Open, town: Town) -> None:
    client = open_as()
    run_id = client.post("/v1/runs", json={"scenario_id": town.world.ids["scenario_id"], "seed": 7, "note": "stop me"}).json()["id"]
    stopped = sent(client, f"/runs/{run_id}/stop")
    assert (stopped.status_code, stopped.headers["location"]) == (303, f"/runs/{run_id}")
    assert client.get(f"/v1/runs/{run_id}").json()["status"] == "cancelled"
    one, two = (sent(client, f"/runs/{run_id}/again", once="a-key-of-this-form").headers["location"] for _ in range(2))
    assert one == two, "a form that is sent twice counts once"
    again = client.get(f"/v1{one}").json()
    assert (again["seed"], again["note"], again["scenario_version"]) == (7, "stop me", 1)
    sent(client, f"{one}/stop")


def test_what_a_viewer_may_not_do_is_not_shown_and_not_done(open_as: Open, town: Town) -> None:
    client, run_id = open_as("viewer"), town.world.ids["run_id"]
    page = client.get(f"/runs/{run_id}?person=S1").text
    assert 'method="post"' not in page.replace('<form method="post" action="/logout">', "")
    assert "tab=fairness" not in page
    assert "/publications/new" not in page
    told = client.get(f"/runs/{run_id}.json?person=S1&reasons=now").json()["person"]
    assert told["why"]["sentence"]
    assert (told["others"], told["problems"]) == (None, [])
    assert sent(client, f"/runs/{run_id}/decide", seeker="S1", for_slot="J1", do="pin", why="", scenario="", once="x").status_code == 403
    assert "tab=fairness" in open_as("analyst").get(f"/runs/{run_id}").text


def test_what_is_to_be_said_names_nobody_else_in_either_language(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    who = waiting_in(client, run_id)
    person = client.get(f"/runs/{run_id}.json?person={who}&reasons=now").json()["person"]
    said = {language: told["sentence"] for language, told in person["said"].items()}
    assert set(said) == {"en", "es"}
    assert said["en"] != said["es"]
    others = {"S1", "S2", "S3", "S4"}
    assert not any(re.search(rf"\b{other}\b", text) for other in others for text in said.values())
    page = client.get(f"/runs/{run_id}?person={who}&reasons=now").text
    assert f'<p id="said-es" lang="es">{said["es"]}' in page


@pytest.mark.parametrize(("drawer", "kind"), [("person=S1", "person"), ("person=S2&to=J1", "person"), ("slot=J1", "slot"), ("rule=partner", "rule")])
def test_a_drawer_tells_the_facts_without_asking_anybody_who_solves(open_as: Open, town: Town, drawer: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **more: Any) -> bytes:
        assert more.get("kind") not in ("warm", "short"), "a question that solves was asked"
        raise ProblemError("busy", "Everybody is busy.")

    monkeypatch.setattr(Answerers, "ask", nobody)
    client, page = open_as(), f"/runs/{town.world.ids['run_id']}"
    told = client.get(f"{page}.json?{drawer}").json()[kind]
    assert (told["there"], told["pending"], told["why"], told["problems"]) == (True, True, None, [])
    assert (told.get("line") or told.get("stands")) is not None
    shown = client.get(f"{page}?{drawer}").text
    assert f'data-later="/runs/{town.world.ids["run_id"]}?{drawer.replace("&", "&amp;")}&amp;reasons=now"' in shown
    assert "Working out the reasons…" in shown


def test_whoever_finds_everybody_busy_keeps_the_facts_and_comes_again(open_as: Open, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any, **__: Any) -> bytes:
        raise ProblemError("busy", "Everybody is busy.")

    monkeypatch.setattr(Answerers, "ask", busy)
    client, page = open_as(), f"/runs/{town.world.ids['run_id']}"
    told = client.get(f"{page}.json?slot=J1&reasons=now").json()["slot"]
    assert (told["pending"], told["busy"], told["problems"], len(told["holders"])) == (True, True, [], 1)
    assert 'data-pause="2"' in client.get(f"{page}?slot=J1&reasons=now").text
    assert client.get(f"{page}.json?slot=nothing&reasons=now").json()["slot"]["there"] is False


def test_no_link_of_a_page_waits_for_reasons(open_as: Open, town: Town) -> None:
    shown = open_as().get(f"/runs/{town.world.ids['run_id']}?person=S2&reasons=now").text
    assert "data-later" not in shown
    assert "reasons=now" not in shown


def test_looking_at_a_result_opens_it_ahead(open_as: Open, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Answerers, "open_ahead", lambda _, key, __: asked.append(key) or "opening")
    client, run_id = open_as("viewer"), town.world.ids["run_id"]
    client.get(f"/runs/{run_id}")
    client.get(f"/runs/{town.world.ids['waiting_run']}")
    assert asked == [run_id]


def test_a_slot_is_tried_without_keeping_anything(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    before = len(client.get("/v1/scenarios").json()["items"])
    who = waiting_in(client, run_id)
    told = client.get(f"/runs/{run_id}.json", params={"person": who, "to": "J3", "reasons": "now"}).json()["person"]["to"]
    assert told["moves"][0] == {"seeker_id": who, "from": None, "to": "J3"}
    assert isinstance(told["judged"]["keeps_every_rule"], bool)
    assert told["judged"]["against"]["verdict"] in ("worse", "as good", "better", "not comparable")
    assert len(client.get("/v1/scenarios").json()["items"]) == before


def test_a_decision_makes_a_scenario_or_joins_one(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    form = {"seeker": "S4", "for_slot": "J3", "why": "knows the shop", "once": "decision"}
    made = sent(client, f"/runs/{run_id}/decide", do="pin", scenario="", **form)
    assert made.status_code == 303
    place = made.headers["location"]
    scenario = client.get(f"/v1{place}").json()
    assert scenario["changes"] == [{"op": "pin", "path": "pins[S4,J3]", "value": {"reason": "knows the shop"}}]
    assert (scenario["base"]["scenario_id"], scenario["name"]) == (town.world.ids["scenario_id"], "S4 pinned to J3")
    more = sent(client, f"/runs/{run_id}/decide", do="forbid", scenario=scenario["id"], **form | {"for_slot": "J1", "seeker": "S1", "why": ""})
    assert more.headers["location"] == place
    again = sent(client, f"/runs/{run_id}/decide", do="forbid", scenario=scenario["id"], **form)
    assert again.status_code == 303
    told = client.get(f"/v1{place}").json()
    assert [(each["op"], each["path"]) for each in told["changes"]] == [("forbid", "pins[S1,J1]"), ("forbid", "pins[S4,J3]")]


def test_a_decision_that_cannot_be_made_loses_nothing_of_what_was_typed(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    refused = sent(client, f"/runs/{run_id}/decide?person=S1", seeker="S1", for_slot="nowhere", do="forbid", why="a <reason>", scenario="", once="bad")
    assert refused.status_code == 422
    assert 'value="nowhere"' in refused.text
    assert 'value="a &lt;reason&gt;"' in refused.text
    assert re.search(r'value="forbid"\s+checked', refused.text)
    assert "Person S1" in refused.text
    links = re.findall(r'href="(/runs/[^"?]*/decide)', refused.text)
    assert links == [], "links of a page that is shown again lead to the page"


def test_a_scenario_is_made_from_a_run(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    made = sent(client, f"/runs/{run_id}/scenario", name="what comes next", once="next")
    told = client.get(f"/v1{made.headers['location']}").json()
    assert (told["name"], told["base"]["scenario_id"], told["changes"]) == ("what comes next", town.world.ids["scenario_id"], [])
    assert sent(client, f"/runs/{run_id}/scenario", name="", once="none").status_code == 422


def test_an_order_of_another_list_is_no_fault(open_as: Open, town: Town) -> None:
    client, run_id = open_as(), town.world.ids["run_id"]
    assert client.get(f"/runs/{run_id}?show=unplaced&sort=score").status_code == 200
    down = client.get(f"/runs/{run_id}.json?sort=-score").json()["listing"]["items"]
    assert [line["score"] for line in down] == sorted((line["score"] for line in down), reverse=True)
    assert client.get(f"/runs/{run_id}?tab=odd").status_code == 422


def test_two_runs_that_are_ticked_lead_to_their_comparison(open_as: Open, town: Town) -> None:
    client, ids = open_as(), (town.world.ids["run_id"], town.world.second_run)
    led = client.get("/runs", params=[("run", ids[1]), ("run", ids[0])])
    assert (led.status_code, led.headers["location"]) == (303, f"/compare?base={min(ids)}&with={max(ids)}")
    assert "Tick two runs" in client.get("/runs", params={"run": ids[0]}).text


def test_the_search_goes_straight_where_there_is_one(open_as: Open, town: Town) -> None:
    client, run_id = open_as("viewer"), published(town)
    assert client.get("/search?q=s1").headers["location"] == f"/runs/{run_id}?person=S1"
    assert client.get("/search?q= J2 ").headers["location"] == f"/runs/{run_id}?tab=slots&slot=J2"
    several = client.get("/search?q=S")
    assert several.status_code == 200
    assert [each["seeker_id"] for each in client.get("/search.json?q=S").json()["people"]] == ["S1", "S2", "S3", "S4"]
    assert client.get("/search.json?q=CBO1").json()["people"] == [], "a partner's code finds none of its people"
    assert "Nobody and no slot" in client.get("/search?q=%3Cb%3E").text


def test_every_word_of_a_code_of_the_api_is_there() -> None:
    from allocator.equity import VERDICTS
    from allocator.report_tables.base import KEPT
    from allocator.wording import MODES, REASONS, STOPPED

    words = catalogue("en")
    assert KEPT == "kept"
    for prefix, codes in (("reason", REASONS), ("promise.in", MODES), ("sentence.stopped", STOPPED), ("fair.verdict", VERDICTS)):
        assert {code for code in codes if f"run.{prefix}.{code}" not in words} <= {"not_compared"}, prefix


def test_a_drawer_opens_and_closes_without_a_new_page_and_by_the_keyboard(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner")
    who.heard.clear()
    who.open(f"/runs/{town.world.ids['run_id']}")
    who.page.evaluate("window.same = true")
    who.page.locator("#person-S1").focus()
    who.page.keyboard.press("Enter")
    who.page.locator("#drawer:not([hidden]) #drawer-title").wait_for()
    assert who.page.evaluate("document.activeElement.id") == "drawer-title"
    assert "person=S1" in who.page.url
    who.page.keyboard.press("Tab")
    assert who.page.evaluate("'close' in document.activeElement.dataset"), "the way out is one Tab away, however long the drawer is"
    who.page.keyboard.press("Escape")
    who.page.locator("#drawer").wait_for(state="hidden")
    assert who.page.evaluate("document.activeElement.id") == "person-S1"
    assert who.page.evaluate("window.same")
    assert who.heard == []
    who.page.context.close()


def test_with_script_off_a_person_is_found_tried_and_decided(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner", java_script_enabled=False)
    page = who.page
    page.get_by_role("searchbox", name="Person or slot").fill("S4")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Slot", exact=True).first.fill("J3")
    page.get_by_role("button", name="Try it").click()
    assert page.get_by_text("Working out what this would take…").is_visible()
    page.get_by_role("link", name="Show the reasons").click()
    assert page.get_by_text("Nothing was saved.", exact=True).is_visible()
    assert page.get_by_text("Working out").count() == 0
    assert page.get_by_role("heading", name="S4 in J3").is_visible()
    page.get_by_label("Reason").fill("asked for it")
    page.get_by_role("button", name="Put it into the scenario").click()
    assert "/scenarios/" in page.url
    page.context.close()


def test_reasons_come_by_themselves_and_are_told_and_focus_stays(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner")
    who.heard.clear()
    page, held = who.page, []
    page.route("**/*reasons=now*", lambda route: held.append(route))
    who.open(f"/runs/{town.world.ids['run_id']}?tab=slots")
    page.get_by_role("link", name="J1", exact=True).click()
    page.get_by_text("Working out the reasons…").wait_for()
    assert page.get_by_role("heading", name="Who is in it").is_visible()
    page.locator("#q").fill("J")  # the list beside is searched meanwhile
    page.wait_for_url("**q=J**")
    page.locator("#decide-why").fill("typed while it waits")
    page.wait_for_function("document.querySelector('#tab').textContent.includes('J2')")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.get_by_role("heading", name="Who else could be").wait_for()
    assert page.evaluate("document.activeElement.id") == "decide-why"
    assert page.locator("#decide-why").input_value() == "typed while it waits"
    assert page.locator("#said").text_content() == " ".join(page.locator("#why [data-said]").text_content().split())
    assert "reasons" not in page.url
    assert who.heard == []
    page.context.close()


def test_reasons_that_cannot_be_had_say_so_and_can_be_asked_for_again(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner")
    page = who.page
    page.route("**/*reasons=now*", lambda route: route.abort())
    who.open(f"/runs/{town.world.ids['run_id']}?person=S1")
    page.locator("#why").get_by_text("The reasons could not be worked out just now.").wait_for()
    assert page.get_by_text("Working out the reasons…").is_hidden()
    page.unroute("**/*reasons=now*")
    page.get_by_role("link", name="Ask again").click()
    page.get_by_role("heading", name="Why", exact=True).wait_for()
    page.context.close()


def test_printing_a_drawer_prints_what_may_be_said(chromium: Any, town: Town) -> None:
    who = visitor(chromium, town, "planner")
    who.open(f"/runs/{town.world.ids['run_id']}?person=S2")
    who.page.locator("#said-es").wait_for()
    who.page.emulate_media(media="print")
    assert who.page.locator("#said-es").is_visible()
    assert not who.page.locator("main").is_visible()
    assert not who.page.get_by_role("heading", name="Why", exact=True).is_visible()
    who.page.context.close()
