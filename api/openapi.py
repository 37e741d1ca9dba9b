"""The OpenAPI document: what FastAPI makes of the routes, and the problem document that every operation may answer with."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.problems import ProblemDocument

REFERENCE = "#/components/schemas/{model}"


def install(app: FastAPI) -> None:
    """Let an application tell the whole document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if ProblemDocument.__name__ not in schemas:
            told = ProblemDocument.model_json_schema(ref_template=REFERENCE, mode="serialization")
            schemas |= {**told.pop("$defs", {}), ProblemDocument.__name__: told}
            document["components"]["schemas"] = dict(sorted(schemas.items()))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the document
