"""Trade-offs as their readers use them: a promise chosen by name, a slider that answers at once, the same without script, kept and made a scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import axes
from api.pages.words import say
from tests.api.pages.conftest import Town, visitor
from tests.api.pages.sweep_states import COUNT, SHARE


@pytest.fixture(scope="module")
def analyst(town: Town) -> Iterator[TestClient]:
    """An analyst's client, without redirects."""
    with TestClient(create_app(town.service.settings)) as web:
        yield TestClient(web.app, headers={"Authorization": f"Bearer {town.secret('analyst')}"}, follow_redirects=False)


def test_a_promise_is_chosen_by_its_name_with_a_range_to_begin_with(town: Town, analyst: TestClient) -> None:
    scenario = town.world.ids["scenario_id"]
    told = analyst.get("/tradeoffs.json", params={"scenario": scenario}).json()
    assert [(each["words"], each["shown"]) for each in told["promises"]] == [
        ("two seats for the partner: seats", "2"),
        ("partner: share of the seats", "30 %"),
    ]
    page = analyst.get("/tradeoffs", params={"scenario": scenario, "promise": SHARE}).text
    assert "constraints" not in page.replace(f'value="{SHARE}"', "").replace(f'value="{COUNT}"', "").replace("promise=constraints", "")


def test_a_range_is_worked_out_exactly_as_it_was_asked_for(town: Town, analyst: TestClient) -> None:
    scenario = town.world.ids["scenario_id"]
    given = {"scenario": scenario, "promise": SHARE, "from": "0", "to": " 30 % ", "step": "7.5", "note": "for the board", "once": "a"}
    made = analyst.post("/tradeoffs", data=given)
    assert made.status_code == 303
    assert analyst.post("/tradeoffs", data=given).headers["location"] == made.headers["location"]
    told = analyst.get(f"{made.headers['location']}.json").json()
    assert told["sweep"]["axes"] == [{"path": SHARE, "values": [0, 0.075, 0.15, 0.225, 0.3]}]
    assert (told["sweep"]["note"], told["open"]) == ("for the board", True)
    assert analyst.post(f"{made.headers['location']}/cancel").status_code == 303
    assert analyst.get(f"{made.headers['location']}.json").json()["sweep"]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"step": "five"}, "“In steps of” of partner is not a number."),
        ({"from": "nan"}, "“From” of partner is not a number."),
        ({"to": ""}, "“To” of partner is not a number."),
        ({"step": "0"}, "step"),
        ({"step": "0.0001"}, "441"),
        ({"promise": ""}, "Choose a promise"),
    ],
)
def test_a_range_that_is_none_is_said_so_and_nothing_typed_is_lost(town: Town, analyst: TestClient, given: dict[str, str], said: str) -> None:
    body = {"scenario": town.world.ids["scenario_id"], "promise": SHARE, "from": "0", "to": "31", "step": "5", "note": "mine", **given}
    refused = analyst.post("/tradeoffs", params={"scenario": body["scenario"], "promise": SHARE}, data=body)
    assert refused.status_code == 422
    assert said in refused.text
    for field in ("from", "to", "step", "note"):
        assert f'name="{field}"' in refused.text
        assert f'value="{body[field]}"' in refused.text


def test_the_twin_has_every_figure_that_the_page_shows(town: Town, analyst: TestClient) -> None:
    sweep = town.world.ids["wide_sweep"]
    told = analyst.get(f"/tradeoffs/{sweep}.json", params={"at": "0.98"}).json()
    frontier = analyst.get(f"/v1/sweeps/{sweep}/frontier").json()
    assert told["points"][told["chosen"]]["values"] == [0.98]
    assert told["points"][told["base"]]["values"] == frontier["present"] == [0.3]
    for mine, theirs in zip(told["points"], frontier["points"], strict=True):
        assert mine["figures"] == {goal["label"]: goal["value"] for goal in theirs["goals"]}
        assert mine["said"]["placed"] == str(theirs["placed"])
        assert mine["said"]["value"] == axes.shown(theirs["value"], told["axes"][0])
        moved = analyst.get(f"/v1/sweeps/{sweep}/differences", params={"base": told["base"], "other": mine["number"]}).json()
        assert (mine["gained"], mine["lost"]) == (len(moved["gained"]), len(moved["lost"]))
    assert told["movement"] == analyst.get(f"/v1/sweeps/{sweep}/differences", params={"base": told["base"], "other": told["chosen"]}).json()


def test_a_price_has_its_sign_and_a_beaten_point_says_by_which(town: Town, analyst: TestClient) -> None:
    sweep = town.world.ids["two_sweep"]
    told = analyst.get(f"/tradeoffs/{sweep}.json").json()
    for point in told["points"]:
        assert (say("tradeoffs.point.stands") == point["said"]["state"]) == (not point["dominated"])
    frontier = analyst.get(f"/v1/sweeps/{sweep}/frontier").json()
    for mine, theirs in zip(told["points"], frontier["points"], strict=True):
        for price in theirs["prices"]:
            if price["parameter"] == COUNT and price["method"] == "difference":
                assert mine["price_above"][price["label"]] == price["above"]


def test_the_slider_answers_in_the_page_and_settles_in_the_address(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst")
    page, sweep = who.page, town.world.ids["wide_sweep"]
    who.open(f"/tradeoffs/{sweep}?at=0.3")
    data = json.loads(page.locator("script[data-points]").text_content())
    marker = page.locator(".chart .wide .marker")
    before = marker.get_attribute("transform")
    shown = page.evaluate(
        """() => {
          const slider = document.getElementById("at");
          slider.value = "1";
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          return [...document.querySelectorAll("[data-read]")].map((each) => [each.dataset.read, each.textContent]);
        }"""
    )
    last = data["points"][-1]
    assert {name for name, _ in shown} == set(last["said"])
    assert all(text == last["said"][name] for name, text in shown), "at once, before anything could be asked of the server"
    assert marker.get_attribute("transform") != before
    slider = page.get_by_role("slider")
    slider.press("Home")
    slider.press("End")
    assert last["said"]["value"] in (slider.get_attribute("aria-valuetext") or "")
    assert set(page.locator("input[name=point]").evaluate_all("all => all.map((each) => each.value)")) == {str(last["number"])}
    page.wait_for_url("**?at=1")
    page.get_by_text(say("tradeoffs.who_text", gained="§", lost="§", base="30 %", value="100 %").split("§")[0]).wait_for()
    page.reload()
    assert page.locator("[data-read=value]").first.text_content() == "100 %"
    assert who.heard == [each for each in who.heard if "Password forms" in each]
    page.context.close()


def test_the_slider_is_timed(town: Town, chromium: Any) -> None:
    """No time is demanded; it is printed (-s)."""
    who = visitor(chromium, town, "analyst")
    who.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0")
    told = who.page.evaluate(
        """async () => {
          const slider = document.getElementById("at"), took = [];
          for (let move = 0; move < 200; move += 1) {
            slider.value = String((move * 7 % 51) / 50);
            const began = performance.now();
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            document.body.getBoundingClientRect();
            took.push(performance.now() - began);
            if (move % 20 === 19) await new Promise(requestAnimationFrame);
          }
          took.sort((one, other) => one - other);
          return { moves: took.length, median: took[100], p99: took[197], most: took[199], shown: document.querySelector("[data-read=value]").textContent };
        }"""
    )
    print(f"slider, layout included: {told['moves']} moves, median {told['median']:.2f} ms, 99 % {told['p99']:.2f} ms, most {told['most']:.2f} ms")
    assert told["moves"] == 200
    assert told["shown"] == f"{2 * (199 * 7 % 51)} %"
    who.page.context.close()


def test_each_of_two_sliders_says_its_own_value_and_what_both_come_to(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst")
    page = who.page
    who.open(f"/tradeoffs/{town.world.ids['square_sweep']}?at=0&second=4")
    points = json.loads(page.locator("script[data-points]").text_content())["points"]
    states = {tuple(point["values"]): point["said"]["state"] for point in points}
    shares, seats = page.get_by_role("slider").first, page.get_by_role("slider").last

    def heard() -> tuple[str | None, str | None]:
        return shares.get_attribute("aria-valuetext"), seats.get_attribute("aria-valuetext")

    assert heard() == (f"0 %: {states[0, 4]}", f"4: {states[0, 4]}"), "as it comes from the server"
    seats.press("ArrowLeft")
    assert heard() == (f"0 %: {states[0, 0]}", f"0: {states[0, 0]}")
    shares.press("ArrowRight")
    assert heard() == (f"100 %: {states[1, 0]}", f"0: {states[1, 0]}")
    page.wait_for_url("**?at=1&second=0")
    page.reload()
    assert heard() == (f"100 %: {states[1, 0]}", f"0: {states[1, 0]}")
    page.context.close()


def test_a_moved_slider_is_heard_once(town: Town, chromium: Any) -> None:
    """The slider says its answer itself, so that no region that is told by itself may change with it."""
    who = visitor(chromium, town, "analyst")
    page = who.page
    who.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0.3")
    page.evaluate(
        """() => {
          const live = "output:not([aria-live=off]), [role=status], [role=alert], [role=log], [aria-live=polite], [aria-live=assertive]";
          window.told = [];
          const within = (node) => (node instanceof Element ? node : node.parentElement)?.closest(live);
          const watch = (changes) => window.told.push(...changes.filter(({ target }) => within(target)).map(({ target }) => target.textContent));
          new MutationObserver(watch).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    page.get_by_role("slider").press("End")
    page.wait_for_url("**?at=1")
    page.get_by_text(say("tradeoffs.who_text", gained="§", lost="§", base="30 %", value="100 %").split("§")[0]).wait_for()
    assert page.locator(".read-out output").text_content() == "100 %"
    assert page.evaluate("told") == []
    page.context.close()


def test_links_of_the_grid_say_their_values_and_what_their_signs_mean(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst")
    page, signs = who.page, set[tuple[bool, bool]]()
    for sweep in (town.world.ids["two_sweep"], town.world.ids["square_sweep"]):
        points = page.request.get(f"{town.address}/tradeoffs/{sweep}.json").json()["points"]
        who.open(f"/tradeoffs/{sweep}?goal=placed")
        links = page.locator("table.grid td a")
        assert links.count() == len(points)
        for point, link in zip(points, links.all(), strict=True):
            said, sign = point["said"], (point["verified"], point["dominated"])
            name = [f"{said['value']}:", *([said["placed"]] if point["verified"] else []), *([] if sign == (True, False) else [said["state"]])]
            assert page.get_by_role("link", name=" ".join(name), exact=True).count() == 1, name
            assert ("✕" not in (link.text_content() or ""), "○" in (link.text_content() or "")) == sign
            signs.add(sign)
    assert signs == {(True, False), (True, True), (False, False)}, "or else one of the signs was not looked at"
    page.context.close()


def test_a_price_is_told_in_words_for_the_next_value_and_for_each_seat(town: Town, analyst: TestClient) -> None:
    told = analyst.get(f"/tradeoffs/{town.world.ids['two_sweep']}.json").json()
    for point, following in zip(told["points"], told["points"][1:], strict=False):
        said = point["said"]["price"]
        if point["values"][0] != following["values"][0]:
            assert said == say("tradeoffs.price.last")
        elif not point["verified"]:
            assert said == ""
        elif not following["verified"]:
            assert following["said"]["value"].split(", ")[1] in said
        else:
            seats = following["promised"] - point["promised"]
            assert said.startswith(f"Going on to {following['said']['value'].split(', ')[1]} promises {seats} seat")
            changed = [goal for goal in told["goals"] if following["figures"][goal["label"]] != point["figures"][goal["label"]]]
            assert all(goal["name"] in said for goal in changed)
            assert ("changes no goal" in said) == (not changed)


def test_other_readings_of_the_promise_are_worked_out_when_they_are_asked_for(town: Town, analyst: TestClient) -> None:
    sweep = f"/tradeoffs/{town.world.ids['wide_sweep']}"
    first, open_ = (analyst.get(f"{sweep}.json", params=params).json()["readings"] for params in ({}, {"readings": "open"}))
    assert (first["planned"], first["pending"], first["promises"]) == (True, False, [])
    assert (open_["pending"], open_["promises"]) == (True, [])
    (promise,) = analyst.get(f"{sweep}.json", params={"readings": "now"}).json()["readings"]["promises"]
    told = analyst.get(f"/v1/runs/{promise['run']}/semantics/partner").json()
    assert [line["mode"] for line in promise["lines"]] == [told["present"]["mode"], "off", *(each["mode"] for each in told["others"])]
    assert promise["prices"] == told["prices"]
    two = analyst.get(f"/tradeoffs/{town.world.ids['two_sweep']}.json", params={"readings": "now"}).json()["readings"]["promises"]
    assert {each["name"] for each in two} == {"partner", "two seats for the partner"}


def test_readings_are_asked_for_where_the_slider_stands(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst")
    page = who.page
    who.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0.3")
    page.get_by_role("slider").press("End")
    page.wait_for_url("**?at=1")
    page.get_by_role("link", name="Show what each reading would do").click()
    page.wait_for_url("**?at=1&readings=open")
    page.locator("#readings table").first.wait_for(timeout=120_000)
    assert page.locator("[data-read=value]").first.text_content() == "100 %"
    page.context.close()


def test_choices_that_arrows_lead_over_are_not_asked_for(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst")
    page, asked = who.page, list[str]()
    who.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0.3")
    page.on("request", lambda request: asked.append(request.url))
    against = page.get_by_label("Compared with")
    against.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    chosen = against.input_value()
    page.wait_for_url(f"**against={chosen}*")
    assert len([address for address in asked if "against=" in address]) == 1
    assert against.input_value() == chosen
    assert page.evaluate("document.activeElement.id") == "against"
    page.context.close()


def test_without_script_the_slider_is_a_form(town: Town, chromium: Any) -> None:
    who = visitor(chromium, town, "analyst", java_script_enabled=False)
    page = who.page
    who.open(f"/tradeoffs/{town.world.ids['wide_sweep']}?at=0.3")
    page.get_by_role("slider").press("End")
    page.get_by_role("button", name="Show").click()
    assert "at=1" in page.url
    assert page.locator("[data-read=value]").first.text_content() == "100 %"
    page.context.close()


def test_a_point_becomes_a_scenario_and_a_study(town: Town, analyst: TestClient) -> None:
    sweep = town.world.ids["wide_sweep"]
    promoted = analyst.post(f"/tradeoffs/{sweep}/promote", data={"point": "25", "name": "half for partners", "once": "p"})
    assert promoted.status_code == 303, promoted.text
    made = analyst.get(promoted.headers["location"].replace("/scenarios/", "/v1/scenarios/")).json()
    assert (made["name"], made["changes"]) == ("half for partners", [{"op": "set", "path": SHARE, "value": 0.5}])
    kept = analyst.post(f"/tradeoffs/{sweep}/studies", data={"point": "25", "title": "Half", "against": "0", "goal": "placed", "once": "s"})
    assert kept.status_code == 303, kept.text
    told = analyst.get(kept.headers["location"].replace("?", ".json?")).json()
    assert (told["points"][told["chosen"]]["values"], told["base"], told["goal"]) == ([0.5], 0, "placed")
    assert "Half" in [each["title"] for each in analyst.get("/tradeoffs.json").json()["studies"]]
    deleted = analyst.post(f"/studies/{told['saved']}/delete")
    assert deleted.headers["location"] == "/tradeoffs"
    assert "Half" not in [each["title"] for each in analyst.get("/tradeoffs.json").json()["studies"]]


@pytest.mark.parametrize("point", ["", "51", "-1", "x", "²"])
def test_a_point_that_is_none_is_refused_on_the_page(town: Town, analyst: TestClient, point: str) -> None:
    refused = analyst.post(f"/tradeoffs/{town.world.ids['wide_sweep']}/promote", data={"point": point, "name": "kept name"})
    assert refused.status_code == 422
    assert say("tradeoffs.no_point") in refused.text
    assert "kept name" in refused.text


def test_a_sweep_that_waits_is_looked_at_again_and_shows_all_when_it_is_done(town: Town, analyst: TestClient) -> None:
    waiting = analyst.get(f"/tradeoffs/{town.world.ids['waiting_sweep']}").text
    assert 'data-again="2"' in waiting
    assert "data-open" in waiting
    done = analyst.get(f"/tradeoffs/{town.world.ids['wide_sweep']}").text
    assert "data-again" not in done
    assert "data-open" not in done


def test_values_are_written_as_people_read_them_and_found_as_addresses_write_them() -> None:
    share, seats = axes.axis_of(SHARE), axes.axis_of(COUNT)
    assert [axes.shown(value, share) for value in (0, 0.075, 0.3, 1)] == ["0 %", "7.5 %", "30 %", "100 %"]
    assert [axes.shown(value, seats) for value in (0, 2, "strict", True)] == ["0", "2", "strict", "yes"]
    assert axes.slider([0, 0.1, 0.2, 0.3]) == {"min": "0", "max": "0.3", "step": "0.1"}
    assert axes.slider([0, 0.24, 0.3]) is axes.slider([True, False]) is axes.slider([1]) is axes.slider([3, 2, 1]) is None
    assert axes.same(0.3, "0.30")
    assert not axes.same(0.3, "x")
    assert not axes.same(1, "True")
    assert axes.same(True, "true")
    unnamed = axes.axis_of("constraints.employer_limit.at_most")
    assert unnamed["words"] == "Trainees at one employer: at most"
    assert axes.axis_of("constraints.budget[a [b] c.d].available")["name"] == "a [b] c.d"
