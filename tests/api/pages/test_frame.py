"""What holds for all pages by how they are made: whom they let in, that the twin tells what is shown, where forms may come from, and the words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from fastapi.testclient import TestClient

from api.access.roles import ROLES, Role
from api.app import create_app
from api.pages.frame import ACTIONS, PAGES, PLACES, PageRoute
from api.pages.render import linked
from api.pages.words import HERE, LANGUAGES, catalogue, say
from api.routes import every_router
from tests.api.operations import document
from tests.api.pages.conftest import Town
from tests.api.pages.states import every_state

every_router()  # makes the pages known, before the tests that go through them are collected
HTML = {"Accept": "text/html"}
PAGES_FOLDER = Path(__file__).parents[3] / "api" / "pages"
BETWEEN = re.compile(r"\{[^}]+\}")
by_path = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)


@pytest.fixture(scope="module")
def clients(town: Town) -> Iterator[dict[Role, TestClient]]:
    """A client of each role, without redirects, as pages are looked at one by one."""
    with TestClient(create_app(town.service.settings)) as web:
        yield {role: TestClient(web.app, headers={"Authorization": f"Bearer {town.secret(role)}"}, follow_redirects=False) for role in ROLES}


def filled(path: str, town: Town) -> str:
    """A path with things that there are: with others every answer would be 404, and nothing would be looked at."""
    return BETWEEN.sub(lambda found: town.world.ids[found[0][1:-1]], path)


@by_path
def test_a_page_and_its_twin_let_in_whom_the_api_lets_in(page: PageRoute, town: Town, clients: dict[Role, TestClient]) -> None:
    for role, client in clients.items():
        statuses = {client.get(filled(path, town), headers=HTML).status_code for path in (page.path, page.twin)}
        if page.scope in ROLES[role]:
            assert statuses == {200}, f"{role} may {page.scope}"
        else:
            assert statuses == {403}, f"{role} may not {page.scope}"


@by_path
def test_who_is_not_logged_in_is_led_to_the_login(page: PageRoute, town: Town, clients: dict[Role, TestClient]) -> None:
    nobody = TestClient(clients["admin"].app, follow_redirects=False, headers=HTML)
    place = filled(page.path, town)
    answer = nobody.get(place)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")
    twin = nobody.get(filled(page.twin, town))
    assert (twin.status_code, twin.json()["code"]) == (401, "unauthenticated")


def test_another_board_sees_none_of_a_pages_things(town: Town, clients: dict[Role, TestClient]) -> None:
    stranger = TestClient(clients["admin"].app, headers={"Authorization": f"Bearer {town.secret('admin', 'elsewhere')}"}, follow_redirects=False)
    asked = [page for page in PAGES if BETWEEN.search(page.path)]
    for page in asked:
        answer = stranger.get(filled(page.path, town), headers=HTML)
        assert answer.status_code == 404, page.path


@pytest.mark.parametrize(("path", "scope"), ACTIONS)
def test_a_form_does_nothing_for_other_sites_and_for_roles_that_may_not(path: str, scope: str, town: Town, clients: dict[Role, TestClient]) -> None:
    place = filled(path, town)
    for role, client in clients.items():
        if scope not in ROLES[role]:
            assert client.post(place, data={}).status_code == 403
    browser = TestClient(clients["admin"].app, base_url=town.address, follow_redirects=False)
    logged_in = browser.post("/login", data={"key": town.secret("admin")}, headers={"Sec-Fetch-Site": "same-origin"})
    assert logged_in.status_code == 303
    elsewhere = browser.post(place, data={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


def test_there_are_pages() -> None:
    assert {page.path for page in PAGES} > {"/", "/data", "/runs/{run_id}"}, "or else what goes through all of them goes through none"


def test_every_page_has_a_state_that_is_looked_at() -> None:
    patterns = {page: re.compile(BETWEEN.sub("[^/?]+", page.path) + r"(\?|$)") for page in PAGES}
    addresses = [BETWEEN.sub("x", state.path) for state in every_state() if state.status == 200]
    assert [page.path for page, pattern in patterns.items() if not any(pattern.match(address) for address in addresses)] == []


def test_the_navigation_leads_to_pages() -> None:
    assert {place for _, place, _ in PLACES} <= {page.path for page in PAGES}


def test_pages_ask_for_what_the_api_has() -> None:
    paths = [path.split("/") for path in document()["paths"]]
    asked = {(path.name, place) for path in PAGES_FOLDER.glob("*.py") for place in re.findall(r'"(/v1/[^"?]*)"', path.read_text(encoding="utf-8"))}
    assert asked
    for name, place in asked:
        steps = place.replace("{{", "{").replace("}}", "}").split("/")
        fits = (len(steps) == len(path) and all(one == two or "{" in one + two for one, two in zip(steps, path, strict=True)) for path in paths)
        assert any(fits), f"{name} asks for {place}"


def test_words_are_said_and_what_is_said_is_a_word() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for pattern in ("*.py", "templates/*.html") for path in PAGES_FOLDER.glob(pattern))
    known = set(catalogue("en"))
    said = {name for name, more in re.findall(r"""\bsay\(\s*["']([\w.-]+)["']\s*([~+%]?)""", sources) if not more and not name.endswith(".")}
    assert said - known == set(), "said, and nowhere written"
    quoted = set(re.findall(r"""["']([a-z]\w*\.(?:[\w.-]|\{[^{}]*\})*)["']""", sources))
    # A name that is put together: what is in braces is a step of it; so is what comes after a quoted beginning, which may be more only below an area's own.
    made = {
        re.sub(r"\{[^}]*\}", "*", name) + ("" if name[-1] not in "._" else "**" if name.count(".") > 1 else "*")
        for name in quoted - known | {name for name in quoted if name[-1] in "._"}
    }
    patterns = [re.compile(re.escape(name).replace(r"\*\*", r"[\w.-]+").replace(r"\*", r"[\w-]+")) for name in made if "*" in name]
    unsaid = {name for name in known - quoted if not any(pattern.fullmatch(name) for pattern in patterns)}
    assert unsaid == set(), "written, and never said"


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_language_has_the_same_words_with_the_same_places(language: str) -> None:
    english = catalogue("en")
    for name, text in catalogue(language).items():
        forms, others = (each if isinstance(each, dict) else {"other": each} for each in (text, english[name]))
        for form, told in forms.items():
            assert _places(told) <= _places(others.get(form, others["other"])), f"{name} ({form})"


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_number_chooses_the_form() -> None:
    assert say("frame.more_faults", n=1) == "And 1 more."
    assert say("frame.more_faults", n=1200) == "And 1,200 more."
    assert [name for name, text in catalogue("en").items() if isinstance(text, dict) and "one" not in text] == []
    assert all(tomllib.loads(path.read_text(encoding="utf-8")) for path in HERE.glob("*/*.toml"))
    with pytest.raises(KeyError):
        say("frame.nothing")


def test_static_files_are_kept_for_ever_under_their_digest_only(clients: dict[Role, TestClient]) -> None:
    page = clients["viewer"].get("/runs", headers=HTML).text
    places = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(places) >= 4
    nobody = TestClient(clients["admin"].app)
    for place in places:
        answer = nobody.get(place)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert nobody.get("/static/000000000000/base.css").headers["cache-control"] == "no-cache"
    assert nobody.get("/static/000000000000/secrets.css").status_code == 404


def test_pages_run_nothing_but_our_own_files(clients: dict[Role, TestClient]) -> None:
    answer = clients["viewer"].get("/runs", headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for path in (PAGES_FOLDER / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"""\sstyle=|\son[a-z]+=|<style|https?://(?!www\.w3\.org)""", text) == [], path.name


def test_no_section_of_the_sheet_restyles_what_another_has_styled() -> None:
    """All areas share one sheet, so that a name taken twice changes pages nobody was looking at."""
    sheet = re.sub(r"/\*.*?\*/", "", (PAGES_FOLDER / "static" / "base.css").read_text(), flags=re.S)
    styled = re.findall(r"^(\.[\w.-]+) \{", sheet, re.M)
    assert len(styled) > 50
    assert sorted({each for each in styled if styled.count(each) > 1}) == []


def test_ids_in_sentences_are_links_and_the_rest_is_text() -> None:
    run, dataset = f"run_{'0' * 26}", f"dataset_{'z' * 26}"
    assert linked(f"The run {run} was cancelled.") == f'The <a href="/runs/{run}">run</a> was cancelled.'
    assert linked(f"Took the newest upload, {dataset}. <b>") == f'Took the newest upload, <a href="/data/{dataset}">the data</a>. &lt;b&gt;'
    assert linked("run_0 and the dataset of a run") == "run_0 and the dataset of a run"
