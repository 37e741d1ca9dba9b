"""What a schedule says: when, from where, under which wishes, what must hold before anything is published, and where it goes."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from allocator.changes import ChangeSet
from allocator.domain import PROTECTED, TABLES
from api.moments import Length
from api.runs import Limits

Said = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text of one line."""
Query = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
Table = Literal["seekers", "slots", "employers", "partners", "centers", "staff", "pairs", "commitments", "pins", "reference", "commutes"]
assert {*get_args(Table), PROTECTED} == set(TABLES), "every table but the protected one can come by a query"


def _plain(value: Any) -> Any:
    """A value that every database can keep: finite numbers of 64 bits, text that is Unicode."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError):
        raise ValueError("must hold finite numbers and Unicode text only") from None
    if any(abs(number) >= 2**63 for number in _whole_numbers(value)):
        raise ValueError("must hold numbers of at most 64 bits")
    return value


def _whole_numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for each in value.values() for number in _whole_numbers(each)]
    if isinstance(value, list):
        return [number for each in value for number in _whole_numbers(each)]
    return [value] if isinstance(value, int) else []


class Part(BaseModel):
    """A part of a schedule; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class FolderSource(Part):
    """Files that another program puts into a folder."""

    kind: Literal["folder"]
    path: Annotated[Said, Field(min_length=1, max_length=300)] = Field(
        description="Folder under OJT_SOURCES_DIR; `{night}` in it stands for the date of the night, such as 2026-11-02."
    )


class UploadSource(Part):
    """What was uploaded last under a name."""

    kind: Literal["upload"]
    name: Annotated[Said, Field(min_length=1, max_length=200)] = Field(description="Name of the datasets; the newest one counts.")


class QuerySource(Part):
    """Tables that are asked of a database; it is only read."""

    kind: Literal["sql"]
    connection: Annotated[Said, Field(min_length=1, max_length=100)] = Field(description="Name of a connection in OJT_SQL_SOURCES.")
    queries: dict[Table, Query] = Field(min_length=1, description="One SELECT for each table; its columns are named as in docs/data.md.")
    newest: Query | None = Field(None, description="A SELECT of one moment: when the newest record was written. The gate `fresh` looks at it.")
    most_rows: int = Field(200_000, ge=1, le=2_000_000, description="Most rows that a query may give; more are a fault, not cut off.")


Source = Annotated[FolderSource | UploadSource | QuerySource, Field(discriminator="kind")]


class Gates(Part):
    """What must hold before a plan is published; a gate that is null is not asked. That no hard rule is broken is always asked."""

    gap: float | None = Field(0.01, ge=0, le=1, allow_inf_nan=False, description="`proof`: largest relative gap of any goal; 0 asks for the proof.")
    placed: float | None = Field(0.95, ge=0, le=10, allow_inf_nan=False, description="`placed`: least share of the people placed by the last publication.")
    fresh_hours: float | None = Field(None, gt=0, le=87_600, allow_inf_nan=False, description="`fresh`: most hours since the newest record or file.")
    moved: int | None = Field(None, ge=0, le=2**31 - 1, description="`moved`: most people of the last publication who are to hold another slot or none.")
    counts: float | None = Field(
        0.5, ge=0, le=10, allow_inf_nan=False, description="`counts`: most that the records of a table may differ from last time, as a share."
    )
    tables: list[Table] = Field(["seekers", "slots"], max_length=20, description="`tables`: tables that must have records.")
    promises: bool = Field(True, description="`promises`: no reservation may be shorter than last time.")


class CatchUp(Part):
    """What becomes of nights that were due while no worker lived."""

    rule: Literal["none", "latest", "all"] = Field("latest", description="Run none of them, the latest only, or all in their order.")
    max_age: Length = Field(timedelta(hours=12), ge=timedelta(0), le=timedelta(days=31), description="Older ones are skipped whatever the rule says.")


NAME = r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$"
FOLDER = re.compile(r"[^a-z0-9]+")


class Schedule(Part):
    """What a schedule says, as it is sent, kept and read."""

    name: str = Field(min_length=1, max_length=100, pattern=NAME, description="Name, once on a board; letters, digits, blanks, dots, dashes.")
    cron: str = Field(min_length=9, max_length=100, description="Minute, hour, day of the month, month, day of the week, on the local clock.")
    time_zone: Said = Field(max_length=64, description="IANA time zone, such as America/Los_Angeles.")
    source: Source
    scenario_id: Annotated[Said, Field(max_length=64)] | None = Field(
        None, description="Scenario whose policy and changes hold; the source's own policy.toml, or the built-in policy, where absent."
    )
    scenario_version: int | None = Field(None, ge=1, le=2**31 - 1, description="Version of it; each night's latest where absent.")
    changes: Annotated[list[dict[str, Any]], AfterValidator(_plain)] = Field(
        [], max_length=500, description="Changes that lie over all of it, as in scenarios."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | Literal["by date"] = Field(
        "by date", description="Seed of the lottery: one number, or one drawn from name and date, so that anybody can know it before."
    )
    limits: Limits = Limits()
    gates: Gates = Gates()
    catch_up: CatchUp = CatchUp()
    review: Literal["automatic", "hold"] = Field("automatic", description="Publish when every gate passes, or hold each plan until somebody publishes it.")
    keep_offers: bool = Field(True, description="Whether people keep what they were referred to or offered, before match quality counts.")
    wait_for_source: Length = Field(
        timedelta(0), ge=timedelta(0), le=timedelta(hours=24), description="How long to look again where the source cannot be read."
    )
    give_up_after: Length = Field(
        timedelta(hours=8), ge=timedelta(minutes=1), le=timedelta(hours=48), description="Age at which a night that has not come to an end is ended."
    )
    folder: str = Field(
        "",
        max_length=100,
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$",
        description="Folder of the sheets under OJT_SHEETS_DIR; made from the name where absent.",
    )

    @property
    def sheets_folder(self) -> str:
        """The folder of its sheets."""
        return self.folder or FOLDER.sub("-", self.name.lower()).strip("-") or "night"

    def seed_for(self, night: date) -> int:
        """The seed of a night's lottery."""
        if self.seed != "by date":
            return self.seed
        return int.from_bytes(hashlib.sha256(f"{self.name} {night.isoformat()}".encode()).digest()[:4], "big") >> 1

    def change_set(self) -> ChangeSet:
        """The changes; InputError where they are none."""
        return ChangeSet.from_dict({"name": f"schedule {self.name}", "changes": self.changes})
