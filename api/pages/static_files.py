"""What pages load beside themselves: one style sheet, colours, a few small modules, an icon. All from here, none from elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from allocator.charts.style import DAY, NIGHT
from api.problems import not_found

router = APIRouter(include_in_schema=False)
HERE = Path(__file__).parent / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
COLOURS = "colours.css"


@router.get("/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """A file of the pages. Its address holds a digest of all of them, so that it may be kept for ever."""
    content = files().get(name)
    if content is None:
        raise not_found("file", name)
    kept = "public, max-age=31536000, immutable" if version == digest() else "no-cache"
    return Response(content, media_type=KINDS[Path(name).suffix], headers={"Cache-Control": kept})


@cache
def files() -> dict[str, bytes]:
    """Every file by its name."""
    found = {path.name: path.read_bytes() for path in sorted(HERE.iterdir()) if path.suffix in KINDS}
    return {**found, COLOURS: _colours().encode()}


@cache
def digest() -> str:
    """What changes with any of the files."""
    told = hashlib.sha256()
    for name, content in sorted(files().items()):
        told.update(name.encode() + b"\0" + content + b"\0")
    return told.hexdigest()[:12]


def _colours() -> str:
    """The colours of charts, by day and by night, for pages and the charts in them alike."""
    day, night = (" ".join(f"--{role}: {colour};" for role, colour in colours.items()) for colours in (DAY, NIGHT))
    return f":root {{ color-scheme: light dark; {day} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n@media print {{ :root {{ {day} }} }}\n"
