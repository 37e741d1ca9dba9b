"""Days, moments and lengths of time as requests write them: the ISO text that is documented, never a bare number of seconds, which pydantic takes as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def _written(pattern: str, told: str) -> Callable[[object], object]:
    """Lets through text of that shape and what is parsed already; whether there is such a day is for pydantic to say."""
    shape = re.compile(pattern)

    def checked(value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and not shape.match(value)):
            raise ValueError(told)
        return value

    return checked


Day = Annotated[date, BeforeValidator(_written(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", "a day is written YYYY-MM-DD"))]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", "a moment is written YYYY-MM-DDThh:mm:ss with its offset, such as Z"))
]
Length = Annotated[timedelta, BeforeValidator(_written(r"[+-]?P", "a length of time is written as ISO 8601 has it, such as PT12H or P1D"))]
