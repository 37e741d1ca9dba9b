"""Roles and what each may do. What is not named here is denied."""

from __future__ import annotations

from typing import Literal, get_args

Scope = Literal[
    "read",
    "compute",
    "equity",
    "data",
    "scenarios",
    "runs",
    "nights",
    "publish",
    "keys",
    "audit",
    "webhooks",
    "metrics",
    "purge",
]
"""
What an operation needs: `read` anything but demographics, audit and keys; `compute` answers at once without keeping anything; `equity` the equity
report, the only way to demographics; `data` upload; `scenarios` write scenarios; `runs` start and stop runs and sweeps; `nights` write schedules and
start nights; `publish` publish and withdraw; `keys` make and revoke keys; `audit` read the trail; `webhooks` say who is told; `metrics` read
metrics; `purge` delete what is past its time.
"""

Role = Literal["viewer", "planner", "analyst", "publisher", "admin", "service"]
ROLES: dict[Role, frozenset[Scope]] = {
    "viewer": frozenset({"read"}),
    "planner": frozenset({"read", "compute", "data", "scenarios", "runs"}),
    "analyst": frozenset({"read", "compute", "data", "scenarios", "runs", "equity"}),
    "publisher": frozenset({"read", "compute", "data", "runs", "nights", "publish"}),
    "admin": frozenset(get_args(Scope)),
    "service": frozenset({"read", "data", "runs", "metrics"}),
}


def within(role: Role, other: Role) -> bool:
    """Whether a role may do nothing that the other may not."""
    return ROLES[role] <= ROLES[other]
