"""Settings: what this service is set to, for whoever runs a board on it. Secrets are never told, only whether there is one."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from typing import Any, get_args

from pydantic import BaseModel, Field, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from api.access.keys import Caller
from api.night.sheets import HOME
from api.night.sources import known_connections
from api.routing import Me, Router, Use
from api.service import Service

router = Router(tags=["settings"])
UNTOLD = frozenset({"sql_sources"})
"""Settings whose values hold passwords beside names."""
TIME = TypeAdapter(timedelta)


class SettingLine(BaseModel):
    """One setting."""

    name: str = Field(description="The environment variable that sets it.")
    about: str
    value: str | None = Field(description="What it is set to, as it would be written; null where it is not set, and for secrets.")
    secret: bool = Field(description="Whether its value is never told.")
    set: bool = Field(description="Whether it differs from what holds where nothing is said.")


class SettingsDocument(BaseModel):
    """What the service is set to, as far as it concerns the asker's board."""

    version: str
    items: list[SettingLine]
    connections: list[str] = Field(description="Databases that schedules of the board may ask, by name.")


@router.operation("GET", "/v1/settings", "keys")
def read_settings(me: Me, service: Use) -> SettingsDocument:
    """What the service is set to: read from the environment when it was started. Secrets, and what is another board's, are left out."""
    lines = [_line(service, me, name, field) for name, field in type(service.settings).model_fields.items()]
    return SettingsDocument(version=version("ojt-allocator"), items=lines, connections=sorted(known_connections(service.settings, me.board)))


def _line(service: Service, me: Caller, name: str, field: FieldInfo) -> SettingLine:
    value = getattr(service.settings, name)
    secret = name in UNTOLD or SecretStr in (field.annotation, *get_args(field.annotation))
    told = _of_board(value, me.board) if name == "oidc_roles" else value
    return SettingLine(
        name=f"OJT_{name.upper()}", about=field.description or "", value=None if secret else _written(told), secret=secret, set=value != field.default
    )


def _of_board(roles: tuple[str, ...], board: str) -> tuple[str, ...]:
    """The groups that lead to a board."""
    return tuple(each for each in roles if (each.rpartition("=")[2].partition("@")[2] or HOME) == board)


def _written(value: Any) -> str | None:
    """A value as it stands in the environment; None where there is none."""
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, timedelta):
        return str(TIME.dump_python(value, mode="json"))
    return ",".join(value) if isinstance(value, tuple) else str(value)
