"""A board with one of everything, made once and through the API, solved and published, so that it is as a board is in use: for the pages, the documented
examples, whose labels fit it, and odd requests. What tests make in any number, straight in the store, is in `world`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.clock import now
from api.jobs.solving import solve_run
from api.night.steps import carry_on
from api.service import Service
from api.settings import Settings
from api.store.tables import occurrences, runs, workers

FILES = {
    "seekers.csv": "seeker_id,partner_id,center_id\nS1,CBO1,C1\nS2,CBO1,C1\nS3,,C1\nS4,,C1\n",
    "slots.csv": "slot_id,openings,center_id\nJ1,1,C1\nJ2,1,C1\nJ3,1,C1\n",
    "partners.csv": "partner_id,name\nCBO1,A community organization\n",
    "centers.csv": "center_id,name\nC1,A center\n",
    "pairs.csv": "seeker_id,slot_id,score\nS1,J1,95\nS1,J3,30\nS2,J1,50\nS3,J2,90\nS4,J3,60\n",
    "demographics.csv": "seeker_id,sex\nS1,female\nS2,male\nS3,female\nS4,male\n",
    "scenario.toml": 'name = "world"\nas_of = 2026-11-02\n',
    "policy.toml": """
[[constraints]]
kind = "reservation"
label = "two seats for the partner"
beneficiaries = "partner:CBO1"
count = 2

[[constraints]]
kind = "reservation"
label = "partner"
beneficiaries = "any_partner"
share = 0.3

[[goals]]
kind = "match_quality"
""",
}
PLAN = {
    "name": "World nightly",
    "cron": "30 2 * * 1-5",
    "time_zone": "America/Los_Angeles",
    "source": {"kind": "folder", "path": "portland/{night}"},
    "review": "hold",
}
IMPOSSIBLE = [
    {"op": "set", "path": "constraints.reservation[two seats for the partner].mode", "value": "minimum_hard"},
    {"op": "set", "path": "constraints.reservation[two seats for the partner].count", "value": 3},
]
HOOK = "hooks.example.org"


@dataclass(frozen=True)
class World:
    """Ids that exist, by the name of the parameter that takes them; and others that some operations need."""

    ids: dict[str, str]
    second_run: str = ""
    """A run whose reference is the first."""
    infeasible_run: str = ""
    night_run: str = ""
    """The run of the occurrence that is held."""
    held: str = ""
    """Another occurrence that is held."""
    unused_dataset: str = ""

    def stands_for(self, example: Any) -> Any:
        """An example with ids that exist in the place of those it makes up, such as `scenario_0`."""
        if isinstance(example, dict):
            return {name: self.stands_for(value) for name, value in example.items()}
        if isinstance(example, list):
            return [self.stands_for(each) for each in example]
        made_up = re.fullmatch(r"([a-z]+)_\d", example) if isinstance(example, str) else None
        return self.ids.get(f"{made_up[1]}_id", example) if made_up else example

    def upload(self) -> list[tuple[str, tuple[str, bytes, str]]]:
        """Files of a dataset, for a form."""
        return [("files", (name, text.encode(), "text/csv")) for name, text in FILES.items()]


def with_world(settings: Settings) -> Settings:
    """Settings under which everything can be made."""
    return settings.model_copy(update={"webhook_hosts": (HOOK,)})


def made_world(service: Service, client: TestClient) -> World:
    """One of everything on the client's board, which must be an admin's."""

    def post(path: str, **more: Any) -> dict[str, Any]:
        answer = client.post(path, **more)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    with service.store.begin() as connection:  # a worker lives, so that the service can work
        row = {"id": "worker_of_the_world", "host": "here", "pid": 1, "solvers": 1, "started_at": now()}
        connection.execute(workers.insert().values(**row, heartbeat_at=now() + timedelta(days=1)))
    world = World({})
    dataset, unused = (post("/v1/datasets", files=world.upload(), data={"name": name})["id"] for name in ("world", "unused"))
    scenario, impossible = (
        post("/v1/scenarios", json={"name": name, "base": {"dataset_id": dataset}, "changes": changes})["id"]
        for name, changes in (("world", []), ("impossible", IMPOSSIBLE))
    )
    run, infeasible = (post("/v1/runs", json={"scenario_id": each})["id"] for each in (scenario, impossible))
    sweep = post("/v1/sweeps", json={"scenario_id": scenario, "axes": [{"path": "constraints.reservation[partner].share", "values": [0, 0.24]}]})["id"]
    for night in ("2026-11-02", "2026-11-03", "2026-11-04"):
        folder = service.settings.sources / "portland" / night
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            (folder / name).write_text(text)
    schedule = post("/v1/schedules", json=PLAN)["id"]
    held = [post(f"/v1/schedules/{schedule}/occurrences", json={"date": night})["id"] for night in ("2026-11-03", "2026-11-04")]
    _work(service)
    second = post("/v1/runs", json={"scenario_id": scenario, "reference_run": run})["id"]
    _work(service)
    publication = post("/v1/publications", json={"run_id": run})["id"]
    webhook = post("/v1/webhooks", json={"url": f"https://{HOOK}/ojt", "events": ["run.finished"]})["id"]
    delivery = post(f"/v1/webhooks/{webhook}/ping")["id"]
    study = post("/v1/studies", json={"title": "What seats for partners cost", "sweep_id": sweep, "view": {"at": "0.24"}})["id"]
    post("/v1/studies", json={"title": "Before and after", "runs": [run, second]})
    key = post("/v1/api-keys", json={"name": "a viewer", "role": "viewer"})["id"]
    ids = {
        "dataset_id": dataset,
        "scenario_id": scenario,
        "run_id": run,
        "sweep_id": sweep,
        "study_id": study,
        "schedule_id": schedule,
        "occurrence_id": held[0],
        "publication_id": publication,
        "webhook_id": webhook,
        "delivery_id": delivery,
        "key_id": key,
        "seeker_id": "S1",
        "slot_id": "J1",
        "label": "partner",
        "table": "seekers",
        "demo_id": client.get("/v1/demo-data").json()[0]["id"],
    }
    night_run = client.get(f"/v1/occurrences/{held[0]}").json()["run_id"]
    return World(ids, second, infeasible, night_run, held[1], unused)


def _work(service: Service) -> None:
    """Do what workers do until nothing is left to be done now."""
    for _ in range(6):
        for query, carried_out in ((_waiting(runs, "queued"), _solve), (_waiting(occurrences, "waiting", "running"), _carry_on)):
            with service.store.read() as connection:
                waiting = list(connection.execute(query).scalars())
            for each in waiting:
                carried_out(service, each)


def _waiting(table: sa.Table, *statuses: str) -> sa.Select[Any]:
    return sa.select(table.c.id).where(table.c.status.in_(statuses)).order_by(table.c.id)


def _solve(service: Service, run_id: str) -> None:
    solve_run(service, "worker_of_the_world", run_id)


def _carry_on(service: Service, occurrence_id: str) -> None:
    carry_on(service, occurrence_id)
