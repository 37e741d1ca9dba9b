"""What is past its time goes, and nothing that somebody still needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.clock import now
from api.ids import new_id
from api.problems import ProblemError
from api.purge import purge
from api.results import open_run
from api.runs import run_of
from api.service import Service
from api.store import audit
from api.store.blobs import load
from api.store.tables import blobs, datasets, idempotency_keys, publications, run_events, run_files, runs, scenarios, workers
from tests.api.conftest import Ask
from tests.api.made import make_scenario

Finish = Callable[[], list[dict[str, Any]]]
OLD = timedelta(days=401)


def finished(ask: Ask, finish: Finish, scenario: str, **more: Any) -> str:
    run_id: str = ask("planner").post("/v1/runs", json={"scenario_id": scenario, **more}).json()["id"]
    finish()
    return run_id


def grow_old(service: Service, *run_ids: str) -> None:
    with service.store.begin() as connection:
        connection.execute(runs.update().where(runs.c.id.in_(run_ids)).values(finished_at=now() - OLD))


def purged(service: Service) -> set[str]:
    with service.store.read() as connection:
        return set(connection.execute(sa.select(runs.c.id).where(runs.c.purged_at.is_not(None))).scalars())


def test_old_runs_go_with_their_files_and_stay_to_be_read(service: Service, ask_as: Ask, finish: Finish) -> None:
    scenario = make_scenario(service)
    old, young = (finished(ask_as, finish, scenario, seed=seed) for seed in (1, 2))
    grow_old(service, old)
    assert purge(service, "test", dry_run=True).runs == 1
    assert purged(service) == set()
    total = purge(service, "test", dry_run=False)
    assert (total.runs, purged(service)) == (1, {old})
    assert total.files > 0
    client = ask_as("viewer")
    told = client.get(f"/v1/runs/{old}").json()
    assert (told["summary"]["placed"], told["purged_at"] is not None, client.get(f"/v1/runs/{young}").json()["purged_at"]) == (3, True, None)
    assert client.get(f"/v1/runs/{old}/log").text.splitlines()[-1].endswith("The result and what led to it were deleted after their time.")
    with service.store.read() as connection:
        assert set(connection.execute(sa.select(run_files.c.run_id)).scalars()) == {young}
        kept = set(connection.execute(sa.select(blobs.c.sha256)).scalars())
        assert kept >= set(connection.execute(sa.select(run_files.c.sha256)).scalars())
        assert kept >= {digest for files in connection.execute(sa.select(datasets.c.files)).scalars() for digest in files.values()}
        assert set(connection.execute(sa.select(run_events.c.type).where(run_events.c.run_id == old)).scalars()) == {"status"}
    assert audit.verify(service.store, "main").holds
    assert purge(service, "test", dry_run=False).runs == 0
    assert client.get(f"/v1/runs/{young}/events").status_code == 200


def test_a_result_that_is_in_memory_is_gone_with_the_run(service: Service, ask_as: Ask, finish: Finish) -> None:
    run_id = finished(ask_as, finish, make_scenario(service))
    assert open_run(service, run_of(service, "main", run_id)).result.placed == 3
    grow_old(service, run_id)
    assert purge(service, "test", dry_run=False).runs == 1
    with pytest.raises(ProblemError, match="deleted after its time"):
        open_run(service, run_of(service, "main", run_id))


def test_what_somebody_refers_to_is_kept(service: Service, ask_as: Ask, finish: Finish) -> None:
    scenario = make_scenario(service)
    base, published, tagged = (finished(ask_as, finish, scenario, seed=seed, tags=tags) for seed, tags in ((1, []), (2, []), (3, ["keep"])))
    young = finished(ask_as, finish, scenario, reference_run=base)
    grow_old(service, base, published, tagged)
    with service.store.begin() as connection:
        row = {"id": new_id("publication"), "board": "main", "run_id": published, "summary": {}, "created_by": "test", "created_at": now()}
        connection.execute(publications.insert().values(**row))
    assert purge(service, "test", dry_run=False).runs == 0
    grow_old(service, young)
    assert purge(service, "test", dry_run=True).runs == 2
    assert purge(service, "test", dry_run=False).runs == 2
    assert purged(service) == {base, young}


def test_a_dataset_goes_with_the_last_that_uses_it(service: Service, ask_as: Ask, finish: Finish) -> None:
    scenario = make_scenario(service)
    run_id = finished(ask_as, finish, scenario)
    with service.store.begin() as connection:
        connection.execute(datasets.update().values(created_at=now() - OLD))
    assert purge(service, "test", dry_run=False).datasets == 0
    with service.store.begin() as connection:
        connection.execute(scenarios.update().values(archived_at=now()))
    assert purge(service, "test", dry_run=False).datasets == 0
    grow_old(service, run_id)
    assert purge(service, "test", dry_run=True).datasets == 1
    total = purge(service, "test", dry_run=False)
    assert (total.runs, total.datasets) == (1, 1)
    with service.store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(blobs)).scalar_one() == 0


def test_rows_that_only_served_for_a_while_go(service: Service, ask_as: Ask) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)
    for key in ("old", "young"):
        assert client.post("/v1/runs", json={"scenario_id": scenario}, headers={"Idempotency-Key": key}).status_code == 202
    with service.store.begin() as connection:
        connection.execute(idempotency_keys.update().where(idempotency_keys.c.key == "old").values(created_at=now() - OLD))
        row = {"host": "h", "pid": 1, "solvers": 1, "started_at": now() - OLD, "heartbeat_at": now() - OLD}
        connection.execute(workers.insert(), [{"id": "worker_gone", **row, "lost_at": now() - OLD}, {"id": "worker_here", **row, "lost_at": None}])
    total = purge(service, "test", dry_run=False)
    assert (total.idempotency_keys, total.workers) == (1, 1)
    with service.store.read() as connection:
        assert connection.execute(sa.select(workers.c.id)).scalars().all() == ["worker_here"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_over_the_api_only_the_own_board_is_purged(service: Service, ask_as: Ask, finish: Finish, dry_run: bool) -> None:
    mine = finished(ask_as, finish, make_scenario(service))
    foreign = make_scenario(service, board="other")
    theirs: str = ask_as("planner", "other").post("/v1/runs", json={"scenario_id": foreign}).json()["id"]
    finish()
    grow_old(service, mine, theirs)
    assert ask_as("planner").post("/v1/purges", json={}).status_code == 403
    told = ask_as("admin").post("/v1/purges", json={"dry_run": dry_run}).json()
    assert (told["dry_run"], told["runs"]) == (dry_run, 1)
    assert purged(service) == (set() if dry_run else {mine})


def test_a_run_that_was_purged_is_no_reference(service: Service, ask_as: Ask, finish: Finish) -> None:
    scenario = make_scenario(service)
    old = finished(ask_as, finish, scenario)
    grow_old(service, old)
    assert purge(service, "test", dry_run=False).runs == 1
    axis = {"path": "constraints.reservation[two seats for the partner].count", "values": [1, 2]}
    for path, body in (("/v1/runs", {}), ("/v1/sweeps", {"axes": [axis]})):
        answer = ask_as("planner").post(path, json={"scenario_id": scenario, "reference_run": old, **body})
        assert (answer.status_code, answer.json()["code"]) == (410, "gone"), path


def test_a_content_that_was_changed_in_the_store_is_never_told_as_what_was_kept(service: Service, ask_as: Ask, finish: Finish) -> None:
    run_id = finished(ask_as, finish, make_scenario(service))
    with service.store.begin() as connection:
        kept = connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run_id)).all()
        for name, digest in kept:
            content = load(connection, digest)
            # The lists are files of their own beside the result; of them a bit is turned.
            changed = content.replace(b'"placed": 3', b'"placed": 4') if name == "result.json" else content[:-1] + bytes([content[-1] ^ 1])
            connection.execute(blobs.update().where(blobs.c.sha256 == digest).values(content=changed))
    for path in ("result", "kpis", "assignments"):
        answer = ask_as("viewer").get(f"/v1/runs/{run_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (500, "broken"), path
