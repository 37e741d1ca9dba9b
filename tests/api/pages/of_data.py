"""States of the pages about data."""

from __future__ import annotations

from typing import Any

from tests.api.pages.states import State

FAULTY = {
    "seekers.csv": "seeker_id,center_id,veteran,shoe_size\nS1,C1,perhaps,9\nS1,C1,yes,9\n" + "".join(f"T{k},C1,maybe,9\n" for k in range(80)),
    "slots.csv": "slot_id,openings,center_id\nJ1,-1,C1\nJ2,,C1\n",
    "clients.csv": "a,b\n1,2\n",
}


def upload(page: Any, files: dict[str, str] | None = None) -> None:
    """Send files in the form on the page; faulty ones where none are given."""
    sent = [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in (files or FAULTY).items()]
    page.get_by_label("Files").set_input_files(sent)
    page.get_by_role("button", name="Upload and check").click()


def upload_faulty(page: Any) -> None:
    """Come to a dataset with faults."""
    upload(page)
    page.get_by_role("heading", level=1, name="upload").wait_for()


def upload_unreadable(page: Any) -> None:
    """Send what is no table at all."""
    page.get_by_label("Files").set_input_files([{"name": "a.zip", "mimeType": "application/zip", "buffer": b"no archive"}])
    page.get_by_label("Name").fill("what I typed")
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("alert").wait_for()


def see_all_of_a_kind(page: Any) -> None:
    """Open every fault of one kind."""
    upload_faulty(page)
    page.get_by_role("link", name="Show all").first.click()
    page.get_by_role("link", name="Show every kind again").wait_for()


def see_columns_of_faulty(page: Any) -> None:
    """Open how the columns were understood."""
    upload_faulty(page)
    page.get_by_role("link", name="How columns were understood").click()
    page.get_by_text("Not known, left out").first.wait_for()


STATES = (
    State("data", "/data"),
    State("data-to-read", "/data", role="viewer"),
    State("data-empty", "/data", role="planner", board="empty"),
    State("data-archived", "/data?archived=true"),
    State("data-unreadable", "/data", act=upload_unreadable),
    State("dataset", "/data/{dataset_id}"),
    State("dataset-to-read", "/data/{dataset_id}", role="viewer"),
    State("dataset-columns", "/data/{dataset_id}?tab=columns"),
    State("dataset-records", "/data/{dataset_id}?tab=records&table=pairs&q=S1"),
    State("dataset-no-records", "/data/{dataset_id}?tab=records&q=nobody"),
    State("dataset-changes", "/data/{dataset_id}?tab=changes"),
    State("dataset-no-faults", "/data/{dataset_id}?tab=faults"),
    State("dataset-faulty", "/data", act=upload_faulty),
    State("dataset-faulty-all", "/data", act=see_all_of_a_kind),
    State("dataset-faulty-columns", "/data", act=see_columns_of_faulty),
    State("dataset-missing", "/data/dataset_none", status=404),
)
