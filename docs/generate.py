"""Write the pages that are made from the code: `python docs/generate.py`, or with `--check` only say which have drifted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from allocator.domain import PERSONAL_HEADERS, PROTECTED, TABLES, Column, Row
from allocator.reference import rules_page

HERE = Path(__file__).resolve().parent
KINDS = {"id": "text", "text": "text", "codes": "list", "flag": "yes/no", "day": "date", "whole": "whole number", "number": "number"}

INTRO = """\
# Data

*This page is made from `allocator/domain.py` by `python docs/generate.py`; change it there.*

A scenario is a folder of files, one for each table, named `seekers.csv`, `slots.csv` and so on, or one `.xlsx` workbook
with a sheet for each table. Parquet files (`pairs.parquet`) may stand in for CSV. Only **seekers** and **slots** must be
there. Files that are neither CSV nor Parquet (a policy, a README) are left alone.

**Only ids are compulsory**, and the few columns marked *compulsory* below. Every other column may be left out; then its
default holds, or it is unknown. An empty cell is unknown too, never zero.

**Headers** stand in row 1. Case, spaces and punctuation do not matter: `Seeker ID`, `seeker-id` and `SEEKER_ID` are one.
Each column has further accepted headers, among them PIRL element numbers. A column that is not known is told in a warning
and is never used.

**No personal identifiers.** Names, social security numbers, birth dates, e-mail and street addresses and telephone numbers
must not travel with this data (TEGL 39-11). A file with such a column is refused, by its header: {personal}, and headers
that contain these words.

| what | how it is written |
|---|---|
| text and ids | UTF-8; spaces at both ends do not count; ids hold no `;` and no `\\|`; at most 10,000 characters |
| list | `a;b;c`, also separated by `\\|` or, in a quoted cell, by commas; each item counts once, the order is kept |
| yes/no | `yes`, `no`, `y`, `n`, `true`, `false`, `1`, `0`; empty, `unknown`, `not_disclosed` or `9` is unknown |
| date | `2026-11-02`, from 1900 to 2200; a date cell in a workbook; of a date with a time, the date. No other form |
| whole number | digits, without separators of thousands; `3.0` is 3 |
| number | digits with a decimal point; never `nan` or `inf` |
| county | five-digit FIPS code, leading zero included |
| industry | NAICS code of two to six digits, or a range of sectors such as `31-33` |
| occupation | O\\*NET-SOC, `47-2061` or `47-2061.00`; six or eight digits without the dash are read as such |

The name of the scenario and the day it is looked at may stand in `scenario.toml` (`name = "..."`, `as_of = 2026-11-02`,
`description = "..."`), or in a sheet `scenario` with the columns key and value. Without them the name is that of the
folder, and the day is today.

Everything wrong is told at once, with file, row (the header is row 1) and column. An id that refers to another table must be
in it, if that table is given.
"""


def data_page() -> str:
    """`docs/data.md`: every table and column."""
    personal = ", ".join(f"`{header}`" for header in sorted(PERSONAL_HEADERS))
    return "\n".join([INTRO.format(personal=personal), *(_table(model) for model in TABLES.values())])


def _table(model: type[Row]) -> str:
    keys = " and ".join(f"`{key}`" for key in model.keys)
    about = " ".join((model.__doc__ or "").split())
    protected = " It may also be left out altogether." if model.table == PROTECTED else ""
    lines = [f"## {model.table}", "", f"{about}{protected} One record for each {keys}.", ""]
    lines += ["| column | meaning | unit | kind | default | also accepted | values |", "|---|---|---|---|---|---|---|"]
    lines += [_column(column) for column in model.columns().values()]
    return "\n".join([*lines, ""])


def _column(column: Column) -> str:
    default = "*compulsory*" if column.required else "" if column.default in (None, ()) else f"`{column.default}`"
    aliases = ", ".join(f"`{alias}`" for alias in column.aliases)
    cells = (f"`{column.name}`", column.about, column.unit, KINDS[column.kind], default, aliases, _values(column))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(column: Column) -> str:
    if column.ref:
        return f"an id of {column.ref}"
    if column.among:
        return ", ".join(f"`{code}`" for code in column.among)
    if column.least is not None and column.most is not None:
        return f"{column.least:,.0f} to {column.most:,.0f}"
    return ""


CLI_INTRO = """\
# The command `ojt`

*This page is made from the commands themselves by `python docs/generate.py`; change it there.*

```console
$ ojt validate scenarios/portland                 # read everything, solve nothing
$ ojt allocate scenarios/portland                 # the best plan: proved, checked, written to out/portland/
$ ojt allocate scenarios/portland --set "constraints.reservation[partners].share=0.4" --out out/forty
$ ojt allocate scenarios/portland --changes what_if.toml
$ ojt check scenarios/portland my_plan.csv        # judge a plan made by hand
$ ojt rules reservation                           # a rule's law and its parameters
$ ojt show scenarios/portland                     # the policy, and the layer that set each value
```

Faults are listed all at once, each with its file, row and column, what is wrong, and how to mend it. Tables go to stdout, progress and faults to stderr;
with `--json` stdout holds exactly one JSON document, and nothing is said about progress.

## Exit codes

These are a contract; they change only with the major version.

| code | `ojt allocate` | `ojt check` | other commands |
|---|---|---|---|
| 0 | solved: the best plan, or (with a time limit or gap) the best known | the plan keeps every rule | done |
| 1 | our mistake; please report it | the same | the same |
| 2 | bad input: data or policy; with `--json`, `{"faults": [...]}`. Also a misspelt or impossible option, told as text | the same | the same |
| 3 | infeasible: no plan keeps every rule; `bends` in `result.json` says what is possible | the plan breaks rules | `evaluate`: it breaks rules; else no plan |
| 4 | nothing found within the limit, nor proved impossible | | `relax`, `sweep`, `reservations`: not settled within the limit |
| 130 | interrupted | the same | the same |

## Files of a run

`ojt allocate` writes four files, and `reference.csv`, `changes.toml` and `repair.toml` where there are any; each appears whole or not at all, and
`result.json` last. They are written also where nothing fits.

| file | what is in it |
|---|---|
| `assignments.csv` | `seeker_id`, `slot_id`, `score`, `tier`, and where scoring is built in a column for each component |
| `unplaced.csv` | `seeker_id`, `reason` (a code: {reasons}) and `detail` for everybody without a slot |
| `rules.csv` | where each rule stands: `kind`, `label`, `key`, `required`, `achieved`, `slack`, `unit`, `hard`, `at_least`, `at_most` |
| `result.json` | the whole result, below |

`result.json` has the keys {keys}.
Goal values are in the policy's units (people, points, cents) and exact; a bound or gap that is not known is `null`. Two runs over the same facts,
policy and seed give the same bytes in all files, `timings` and `trace` apart. `timings` are seconds of the phases read, pairs, build, solve,
check, explain and write. `trace` is what was known of each goal while it was being solved (`seconds` since solving began, `goal`, `value`,
`bound`), at most 200 moments.

## Changing a policy with `--set`

`--set section.kind[label].key=value` changes one value, for example `constraints.reservation[partners].share=0.4`, `goals.match_quality.weights.wage=30` or
`limits.time=60`. `[label]` may be left out where the kind has one entry. The value is read as TOML, else as a bare word; `key=` without a value takes the
key out. A target that the policy does not have is a fault, and those there are get listed: nothing is created by a misspelling. In a shell, put it in quotes.

## Change sets: `--changes FILE`

A what-if written down: a TOML or JSON file of changes to the facts and the policy, by business key. It lies over the scenario, the policy file and `--set`;
of several, the later wins. `ojt show SCENARIO --changes FILE` says what it does, in words and with old and new values.

```toml
name = "Forty for partners, and a promise to P1"

[[changes]]
op = "set"
path = "constraints.reservation[partner].share"
value = 0.4

[[changes]]
op = "set"
path = "seekers[S17].wage_floor"
value = 17.50

[[changes]]
op = "pin"
path = "pins[P1,J3]"
value = { reason = "union agreement", author = "A. Lee", expires = 2026-12-31 }
```

As JSON it is `{"name": ..., "note": ..., "changes": [{"op": ..., "path": ..., "value": ...}]}`.

| op | what it does |
|---|---|
| `set` | gives a value to a cell, a record or an entry that is there; columns and keys that were not used may be |
| `add` | makes a record, an entry of the policy, an empty column or table, or writes out a section that the policy leaves to the default |
| `remove` | takes any of these away; of a cell, it makes the value unknown; of a key of the policy, it takes the key out |
| `pin`, `forbid` | decides one pair, in the place of a pin that is there; the value may have `reason`, `author` and `expires` |

| path | what it names |
|---|---|
| `seekers[S1].wage_floor` | a cell; `pairs[S1,J1].score` where the key has two parts, in the order of [data.md](data.md) |
| `slots[J1]` | a record; `remove pairs[*,J1]` takes all pairs of J1 |
| `seekers.shifts`, `commitments` | a column, a table |
| `scenario.as_of` | the day the facts are looked at |
| `constraints.reservation[partner].share` | whatever `--set` names |
| `constraints.reservation[partner]` | an entry of the policy |
| `goals.order` | the entries of a section in another order, each named once |
| `goals` | a section: `remove` goes back to the default |

Values are checked as if they stood in the files, references too: a slot that a commitment refers to cannot go alone. Everything wrong is told at once, with the
file, `changes[3]` (the third) and the path. What is not there cannot be set or removed, what is there cannot be added: nothing happens by a misspelling. The
protected table `demographics` cannot be changed; the record of a seeker who is removed goes with them.

A run with change sets writes them as one, `changes.toml`, beside its result. `ojt diff A B --toml` writes the change set that turns scenario A, with its
policy, into B.
"""


def cli_page() -> str:
    """`docs/cli.md`: every command with its arguments and options."""
    import typer

    from allocator.cli import app
    from allocator.result import KEYS
    from allocator.unplaced import CODES

    reasons, keys = (", ".join(f"`{word}`" for word in words) for words in (CODES, KEYS))
    group = typer.main.get_command(app)
    commands = getattr(group, "commands", {})
    return "\n".join([CLI_INTRO.replace("{reasons}", reasons).replace("{keys}", keys), *(_command(name, command) for name, command in commands.items())])


def _command(name: str, command: Any) -> str:
    inner = getattr(command, "commands", None)
    if inner is not None:
        return "\n".join([f"## ojt {name}", "", command.help, "", *(_command(f"{name} {each}", what) for each, what in inner.items())])
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    usage = " ".join([f"ojt {name}", *(f"[{each.metavar}]" if not each.required else each.metavar for each in arguments), "[OPTIONS]"])
    lines = [f"## ojt {name}", "", f"`{usage}`", "", command.help]
    lines += ["", "| | |", "|---|---|"] if arguments or options else []
    lines += [f"| `{each.metavar}` | {each.help} |" for each in arguments]
    lines += [f"| `{_spelled(each)}` | {each.help}{' *Compulsory.*' if each.required else _said_default(each)} |" for each in options]
    return "\n".join([*lines, ""])


def _spelled(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar}".replace("|", "\\|")
    return f"{option.opts[0]}{value}"


def _said_default(option: Any) -> str:
    return "" if option.is_flag or option.default in (None, (), "") else f" Default `{option.default}`."


SETTINGS_INTRO = """\
# Settings of the service

*This page is made from `api/settings.py` by `python docs/generate.py`; change it there.*

Every setting is an environment variable; none has to be set. `ojt serve`, `ojt worker`, `ojt keys` and `ojt nightly` read the same ones, and all processes
of one service must have the same store. A value that is not understood is told with its name, and nothing starts.

Times are written as ISO 8601 durations (`PT15S`, `P400D`) or as seconds; lists have commas between their items. Secrets are never written to the log.

| variable | what it is | kind | default |
|---|---|---|---|
"""


def settings_page() -> str:
    """`docs/settings.md`: every environment variable of the service."""
    from api.settings import Settings

    return SETTINGS_INTRO + "\n".join(_setting(name, field) for name, field in Settings.model_fields.items()) + "\n"


def _setting(name: str, field: Any) -> str:
    default = "" if field.default in (None, ()) else f"`{_said_setting(field.default)}`"
    return f"| `OJT_{name.upper()}` | {field.description} | {_kind_of_setting(field.annotation)} | {default} |"


def _said_setting(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _said_time(value) if isinstance(value, timedelta) else str(value)


def _said_time(value: timedelta) -> str:
    """As an ISO 8601 duration of one unit: years and months are not all equally long."""
    for unit, seconds in (("P{}D", 86_400), ("PT{}H", 3_600), ("PT{}M", 60)):
        if value and value % timedelta(seconds=seconds) == timedelta(0):
            return unit.format(value // timedelta(seconds=seconds))
    return f"PT{value.total_seconds():g}S"


def _kind_of_setting(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return _kind_of_setting(next(each for each in get_args(annotation) if each is not NoneType))
    return SETTING_KINDS.get(annotation, "list")


SETTING_KINDS = {str: "text", SecretStr: "secret", Path: "path", int: "whole number", float: "number", bool: "`1` or `0`", timedelta: "duration"}


def openapi_page() -> str:
    """`docs/openapi.json`: every operation of the service."""
    from api.app import create_app
    from api.settings import Settings

    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "data.md": data_page,
    "rules.md": rules_page,
    "cli.md": cli_page,
    "settings.md": settings_page,
    "openapi.json": openapi_page,
}
"""File name and what writes it."""


def drifted() -> list[str]:
    """The pages that no longer say what the code says."""
    return [name for name, page in PAGES.items() if not (HERE / name).exists() or (HERE / name).read_text("utf-8") != page()]


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check`, name those that have drifted and return 1."""
    if arguments not in ([], ["--check"]):
        print("usage: python docs/generate.py [--check]", file=sys.stderr)
        return 2
    if arguments:
        for name in drifted():
            print(f"docs/{name} has drifted; run python docs/generate.py", file=sys.stderr)
        return 1 if drifted() else 0
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
