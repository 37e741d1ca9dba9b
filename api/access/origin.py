"""Where the service is, as browsers see it, and whether a request or a way back stays there."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.settings import Settings

LOGIN, COOKIE = "/login", "ojt_session"


def origin(request: HTTPConnection, settings: Settings) -> str:
    """Scheme and host under which the request's browser addresses the service."""
    return (settings.public_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/").lower()


def secure(request: HTTPConnection, settings: Settings) -> bool:
    """Whether the browser speaks https, so that its cookies never travel otherwise."""
    return origin(request, settings).startswith("https://")


def cookie(request: HTTPConnection, settings: Settings, name: str = COOKIE) -> str:
    """A cookie's name: with https, one that a browser takes from this host alone."""
    return f"__Host-{name}" if secure(request, settings) else name


def from_here(request: HTTPConnection, settings: Settings) -> bool:
    """Whether one of our own pages sent the request. Browsers say so in headers that no page can forge; who says nothing is not believed."""
    site, sender = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return sender is not None and sender.lower() == origin(request, settings)


def local(path: str | None) -> str:
    """The path where it leads to a page of ours, the login page where it could lead elsewhere."""
    told = path or LOGIN
    plain = told.isascii() and told.isprintable() and "\\" not in told
    return told if plain and told.startswith("/") and not told.startswith("//") and not urlsplit(told).netloc else LOGIN


def known_host(host: str, settings: Settings) -> bool:
    """Whether the service may be addressed by this name."""
    names = {urlsplit(settings.public_url).netloc.lower()} if settings.public_url else set()
    names |= {name.lower() for name in settings.hosts}
    bare = host.lower().rsplit(":", 1)[0] if not host.endswith("]") else host.lower()
    return not names or bool({host.lower(), bare} & names)
