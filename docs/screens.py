"""Take a picture of every page on the Portland demo data, into docs/screens/: `make screens`. Needs Chromium and Playwright (.ci/browser.txt).

It starts a service of its own in a folder that it removes again, does what a board would do in its first days, and looks at each page.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
PLACE = ROOT / "docs" / "screens"
OJT = Path(sys.executable).parent / "ojt"
SHARE = "constraints.reservation[aligned partners].share"
NIGHT = {
    "name": "Every weekday night",
    "cron": "30 2 * * 1-5",
    "time_zone": "America/Los_Angeles",
    "source": {"kind": "upload", "name": "portland"},
    "review": "hold",
}
PAGES = {
    "home": "/",
    "data": "/data",
    "dataset": "/data/{dataset}",
    "scenarios": "/scenarios",
    "scenario": "/scenarios/{more}",
    "runs": "/runs",
    "run-people": "/runs/{run}",
    "run-not-placed": "/runs/{run}?show=unplaced",
    "run-slots": "/runs/{run}?tab=slots",
    "run-rules": "/runs/{run}?tab=rules",
    "run-fairness": "/runs/{run}?tab=fairness",
    "run-checks": "/runs/{run}?tab=checks",
    "person": "/runs/{run}?person={seeker}",
    "slot": "/runs/{run}?tab=slots&slot={slot}",
    "conflict": "/runs/{conflict}/conflict",
    "compare-choose": "/compare",
    "compare": "/compare?base={run}&with={other}",
    "tradeoffs": "/tradeoffs",
    "tradeoff": "/tradeoffs/{sweep}",
    "nights": "/nights",
    "schedule-new": "/nights/new",
    "schedule": "/nights/{schedule}",
    "occurrence": "/nights/occurrences/{occurrence}",
    "publish": "/publications/new?run={other}",
    "publications": "/publications",
    "publication": "/publications/{publication}",
    "worklists": "/publications/{publication}/worklists",
    "employers": "/publications/{publication}/employers",
    "search": "/search?q=S000",
    "keys": "/keys",
    "audit": "/audit",
    "settings": "/settings",
}
"""Every page by the name of its picture."""
AT_NIGHT, ON_A_PHONE = ("run-people", "tradeoff"), ("home", "run-people", "scenario")
"""Pages that are shown in the dark, and on a phone, too."""


def main() -> None:
    """Take them all."""
    from playwright.sync_api import sync_playwright

    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, service(Path(folder)) as (address, secret), sync_playwright() as driver:
        ids = days(address, secret)
        found = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for name, path in PAGES.items():
            take(browser, address, secret, path.format(**ids), PLACE / f"{name}.png")
        for name in AT_NIGHT:
            take(browser, address, secret, PAGES[name].format(**ids), PLACE / f"{name}-dark.png", dark=True)
        for name in ON_A_PHONE:
            take(browser, address, secret, PAGES[name].format(**ids), PLACE / f"{name}-phone.png", width=390)
        browser.close()


def take(browser: Any, address: str, secret: str, path: str, target: Path, *, dark: bool = False, width: int = 1280) -> None:
    """One picture, of at most a screen and a half: what is seen first is what is judged first."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto(f"{address}/login?next=/audit")
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Log in").click()
    answer = page.goto(address + path)
    assert answer.status == 200, f"{path}: {answer.status}"
    page.wait_for_load_state("networkidle") if "data-live" not in page.content() else page.wait_for_timeout(1500)
    height = min(1500, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": max(700, height) if page.locator("#drawer:not([hidden])").count() == 0 else 1200})
    page.screenshot(path=target)
    context.close()
    print(target.relative_to(ROOT))


def days(address: str, secret: str) -> dict[str, str]:
    """What a board does in its first days; the ids of what came of it."""
    client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}, timeout=120)

    def post(path: str, body: Any) -> dict[str, Any]:
        answer = client.post(path, json=body)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text[:500]}"
        made: dict[str, Any] = answer.json()
        return made

    def ended(path: str, states: tuple[str, ...]) -> dict[str, Any]:
        until = time.monotonic() + 1800
        while time.monotonic() < until:
            told: dict[str, Any] = client.get(path).json()
            if told["status"] in states:
                return told
            time.sleep(1)
        raise AssertionError(f"{path} did not come to an end")

    body = {name: client.get(f"/v1/demo-data/{name}").json() for name in ("portland", "conflict")}
    conflict_data, dataset = (post("/v1/datasets", body[name])["id"] for name in ("conflict", "portland"))  # a night takes the newest
    base = post("/v1/scenarios", {"name": "As it stands", "base": {"dataset_id": dataset}, "changes": []})["id"]
    change = {"op": "set", "path": SHARE, "value": 0.4}
    more = post("/v1/scenarios", {"name": "More seats for aligned partners", "base": {"scenario_id": base}, "changes": [change]})["id"]
    clash = post("/v1/scenarios", {"name": "Promises that cannot all be kept", "base": {"dataset_id": conflict_data}, "changes": []})["id"]
    run, conflict = (post("/v1/runs", {"scenario_id": each, "note": note})["id"] for each, note in ((base, "First look"), (clash, "")))
    for each in (run, conflict):
        ended(f"/v1/runs/{each}", ("succeeded",))
    other = post("/v1/runs", {"scenario_id": more, "reference_run": run, "note": "For Thursday's meeting"})["id"]
    ended(f"/v1/runs/{other}", ("succeeded",))
    publication = post("/v1/publications", {"run_id": run})["id"]
    sweep = post("/v1/sweeps", {"scenario_id": base, "axes": [{"path": SHARE, "values": [0, 0.1, 0.2, 0.3, 0.4]}]})["id"]
    ended(f"/v1/sweeps/{sweep}", ("succeeded",))
    schedule = post("/v1/schedules", NIGHT)["id"]
    occurrence = post(f"/v1/schedules/{schedule}/occurrences", {"date": time.strftime("%Y-%m-%d", time.gmtime())})["id"]
    ended(f"/v1/occurrences/{occurrence}", ("held", "finished"))
    seeker, slot = (client.get(f"/v1/runs/{run}/assignments", params={"limit": 1}).json()["items"][0][name] for name in ("seeker_id", "slot_id"))
    return {
        "dataset": dataset, "base": base, "more": more, "run": run, "other": other, "conflict": conflict, "sweep": sweep, "schedule": schedule,
        "occurrence": occurrence, "publication": publication, "seeker": seeker, "slot": slot,
    }  # fmt: skip


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, str]]:
    """A service in a folder: its address, and an admin's key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {**os.environ, "OJT_DATA_DIR": str(folder), "OJT_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([OJT, "serve", "--port", str(port)], env=settings, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + 120
    try:
        while time.monotonic() < until:
            try:
                if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        made = subprocess.run(
            [OJT, "keys", "create", "--role", "admin", "--name", "Rosa Ortega"], env=settings, cwd=ROOT, capture_output=True, text=True, check=True
        )
        yield address, made.stdout.strip()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


if __name__ == "__main__":
    main()
