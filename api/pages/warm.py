"""What the first reader after a start would wait for is done while nobody waits: templates are compiled, and what draws charts is loaded and draws once."""

from __future__ import annotations

import threading

import structlog

from api.pages import static_files
from api.pages.render import environment

log = structlog.get_logger("ojt.web")
A_DOT = {"data": {"values": [{}]}, "mark": "point"}


def begin() -> threading.Thread:
    """Do it beside all else. Whoever asks meanwhile is answered, as slowly as before."""
    made = threading.Thread(target=_get_ready, name="pages", daemon=True)
    made.start()
    return made


def _get_ready() -> None:
    try:
        static_files.digest()
        templates = environment()
        for name in templates.list_templates():
            templates.get_template(name)
        import altair  # noqa: F401  # a fifth of what the web process loads, and nothing that it needs to be ready
        import vl_convert

        vl_convert.vegalite_to_svg(A_DOT)
    except Exception as error:  # pages do without: what failed here fails again where somebody asks for it, and is told there
        log.warning("pages could not be made ready ahead", error=type(error).__name__)
