"""Data: what was uploaded and how it was understood, what is wrong with it cell by cell, and what has changed since the snapshot before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.datastructures import UploadFile

from allocator import Fault
from api.pages.ask import Ask
from api.pages.frame import Form, Pages
from api.pages.words import say
from api.problems import ProblemError

pages = Pages()
Document = dict[str, Any]
PIECE = 50
SOME = 5
"""Faults of a kind that are shown before somebody asks for all of them."""
MOST = 1000
Cursor = Annotated[str, Query(max_length=200)]
Tab = Literal["faults", "columns", "records", "changes"]


@pages.page("/data", "read", "data.html")
async def data(api: Ask, cursor: Cursor = "", archived: bool = False) -> Document:
    """What there is, newest first; and how to bring in more."""
    found, demos = await asyncio.gather(
        api.get("/v1/datasets", limit=PIECE, cursor=cursor, archived="true" if archived else None),
        api.get("/v1/demo-data"),
    )
    return {"datasets": found["items"], "next_cursor": found["next_cursor"], "demos": demos, "archived": archived}


@pages.page("/data/{dataset_id}", "read", "dataset.html")
async def dataset(
    api: Ask,
    dataset_id: str,
    tab: Tab | None = None,
    code: Annotated[str, Query(max_length=64)] = "",
    table: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    since: Annotated[str, Query(max_length=64)] = "",
    cursor: Cursor = "",
) -> Document:
    """One dataset: its faults where it has some, its columns, its records, and what has changed."""
    told, users = await asyncio.gather(
        api.get("/v1/datasets/{dataset_id}", dataset_id=dataset_id), api.get("/v1/scenarios", dataset_id=dataset_id, limit=PIECE)
    )
    tabs = _tabs(told)
    chosen = tab if tab in tabs else tabs[0]
    document = {"dataset": told, "scenarios": [_named(each) for each in users["items"]], "tabs": tabs, "tab": chosen}
    if chosen == "faults":
        return {**document, **await _faults(api, told, code, cursor)}
    if chosen == "columns":
        return {**document, "sheets": await api.get("/v1/datasets/{dataset_id}/sheets", dataset_id=dataset_id)}
    if chosen == "records":
        return {**document, **await _records(api, told, table, q, cursor)}
    return {**document, **await _changes(api, told, since)}


def _tabs(told: Document) -> list[str]:
    """What can be looked at: of an archived dataset what was wrong with it; of one that cannot be used no records."""
    if told["purged_at"]:
        return ["faults"]
    return ["records", "columns", "changes", "faults"] if told["usable"] else ["faults", "columns"]


def _named(scenario: Document) -> Document:
    return {"id": scenario["id"], "name": scenario["name"]}


# -- faults ----------------------------------------------------------------------------------------------------------


async def _faults(api: Ask, told: Document, code: str, cursor: str) -> Document:
    """Faults by kind, the first of each; of one kind, where it is asked for, all of them, a piece at a time."""
    of: Document = {"dataset_id": told["id"], "cells": None if told["purged_at"] else "true"}
    counts, types = await asyncio.gather(api.get("/v1/datasets/{dataset_id}/issue-counts", dataset_id=told["id"]), api.get("/v1/issue-types"))
    known = {each["code"]: each for each in types}
    groups = [{**each, "meaning": known.get(each["code"], {}).get("meaning", ""), "mend": known.get(each["code"], {}).get("mend", "")} for each in counts]
    if code:
        found = await api.get("/v1/datasets/{dataset_id}/issues", code=code, limit=PIECE, cursor=cursor, **of)
        shown = [{**each, "issues": _alike(_of(found["items"], each))} for each in groups if each["code"] == code]
        return {"groups": [each for each in shown if each["issues"]], "code": code, "next_cursor": found["next_cursor"]}
    first = (await api.get("/v1/datasets/{dataset_id}/issues", limit=MOST, **of))["items"] if counts else []
    return {"groups": [{**each, "issues": _alike(_of(first, each)[:SOME])} for each in groups], "code": "", "next_cursor": None}


def _of(issues: Iterable[Document], group: Document) -> list[Document]:
    """The faults of a kind."""
    return [each for each in issues if (each["code"], each["severity"]) == (group["code"], group["severity"])]


def _alike(issues: Iterable[Document]) -> list[list[Document]]:
    """Faults that can stand in one table: those of the same sheet around which the same columns are shown."""
    return [list(found) for _, found in groupby(issues, key=lambda each: (each["file"], each["sheet"], (each["cells"] or {}).get("columns")))]


# -- records and changes ---------------------------------------------------------------------------------------------


async def _records(api: Ask, told: Document, table: str, q: str, cursor: str) -> Document:
    """Records of a table as they were understood."""
    tables = [name for name in told["tables"] if name != "demographics"]
    chosen = table if table in tables else tables[0]
    found = await api.get("/v1/datasets/{dataset_id}/tables/{table}", dataset_id=told["id"], table=chosen, limit=PIECE, cursor=cursor, search=q)
    columns = list(found["items"][0]) if found["items"] else []
    return {"table": chosen, "tables": tables, "q": q, "columns": columns, "records": found["items"], "next_cursor": found["next_cursor"]}


async def _changes(api: Ask, told: Document, since: str) -> Document:
    """What has changed since another dataset; since the one before of the same name, or just the one before, where none is named."""
    found = (await api.get("/v1/datasets", limit=MOST, usable="true"))["items"]
    others = [each for each in found if each["id"] != told["id"]]
    earlier = [each for each in others if each["created_at"] < told["created_at"]]
    named = [each for each in others if each["id"] == since]
    chosen = next(iter([*named, *(each for each in earlier if each["name"] == told["name"]), *earlier]), None)
    changes = None if chosen is None else await api.get("/v1/datasets/{dataset_id}/changes", dataset_id=told["id"], since_id=chosen["id"])
    offered = [{name: each[name] for name in ("id", "name", "as_of", "created_at")} for each in others]
    return {"others": offered, "since": chosen and {"id": chosen["id"], "name": chosen["name"], "created_at": chosen["created_at"]}, "changes": changes}


# -- what forms do ---------------------------------------------------------------------------------------------------


@pages.action("/data", "data", shows=data)
async def upload(api: Ask, form: Form) -> str:
    """Bring in files."""
    sent = [each for each in form.getlist("files") if isinstance(each, UploadFile) and each.filename]
    if not sent:
        fault = Fault("nothing_here", say("data.no_file_fault"), say("data.no_file_fix"))
        raise ProblemError("faulty-input", say("data.no_file"), faults=[fault])
    files = [("files", (each.filename, await each.read(), "application/octet-stream")) for each in sent]
    fields = [(name, (None, str(form[name]))) for name in ("name", "as_of") if form.get(name)]
    once = str(form.get("once", ""))
    answer = await api.ask("POST", "/v1/datasets", files=[*fields, *files], headers={"Idempotency-Key": once} if once else {})
    return f"/data/{answer.made}"


@pages.action("/data/demos/{demo_id}", "data", shows=data)
async def load_demo(api: Ask, demo_id: str, form: Form) -> str:
    """Bring in demo data."""
    body = await api.get("/v1/demo-data/{demo_id}", demo_id=demo_id)
    return f"/data/{(await api.post('/v1/datasets', body, once=str(form['once']))).made}"


@pages.action("/data/{dataset_id}/scenario", "scenarios", shows=dataset)
async def make_scenario(api: Ask, dataset_id: str, form: Form) -> str:
    """Make a scenario from the data as they are."""
    name = str(form.get("name") or "") or (await api.get("/v1/datasets/{dataset_id}", dataset_id=dataset_id))["name"]
    made = await api.post("/v1/scenarios", {"name": name, "base": {"dataset_id": dataset_id}}, once=str(form.get("once", "")))
    return f"/scenarios/{made.made}"


@pages.action("/data/{dataset_id}/archive", "data", shows=dataset)
async def archive(api: Ask, dataset_id: str) -> str:
    """Take it out of the lists."""
    await api.ask("DELETE", "/v1/datasets/{dataset_id}", dataset_id=dataset_id)
    return "/data"
