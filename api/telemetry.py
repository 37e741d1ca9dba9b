"""OpenTelemetry on request: spans for request, submission, wait and solve, one trace from the request to the end of its run.

A trace crosses from web server to worker in the run's job (`traceparent`, W3C Trace Context). Spans say which run, which route, how it ended; never
a path, a query, a message or anything else that could hold the id of a person. The exporter is set by the standard OTEL_ variables.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi.telemetry import TelemetryConfig
from opentelemetry import context, trace
from opentelemetry.trace import Span, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import get_contextvars

from api.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

UNTOLD = ("url.path", "url.query", "url.full")
"""What FastAPI says of a request and may hold the id of a person; `http.route` says which operation it was."""

_providers: list[TracerProvider] = []


def start(settings: Settings, process: str, exporter: SpanExporter | None = None) -> None:
    """Begin to send spans where the settings ask for it; the process-wide provider is left alone, so that no library tells more than we do."""
    if not settings.telemetry or _providers:
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
    from opentelemetry.sdk.trace import Span as Begun
    from opentelemetry.sdk.trace import TracerProvider as Provider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    class Discreet(SpanProcessor):
        """Takes out what is not to be told, before anybody else sees a span."""

        def on_start(self, span: Begun, parent_context: context.Context | None = None) -> None:
            """Masks the attributes that a span begins with."""
            for name in UNTOLD:
                if name in (span.attributes or {}):
                    span.set_attribute(name, "")

        def on_end(self, span: ReadableSpan) -> None:
            """Nothing: a span that has ended cannot be changed."""

    provider = Provider(resource=Resource.create({"service.name": "ojt-allocator", "ojt.process": process}))
    provider.add_span_processor(Discreet())
    provider.add_span_processor(SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(_otlp()))
    _providers.append(provider)


def stop() -> None:
    """Send what is left, and begin no more spans."""
    for provider in _providers:
        shutdown = getattr(provider, "shutdown", None)
        if shutdown is not None:
            shutdown()
    _providers.clear()


def of_requests() -> TelemetryConfig:
    """What FastAPI is to tell: spans of requests where spans are wanted, and nothing else."""
    silent: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False, "operation_spans": False}
    return {**silent, "tracing": True, "tracer_provider": _providers[0]} if _providers else silent


@contextmanager
def span(name: str, under: str = "", **attributes: str | int | float | bool) -> Iterator[Span]:
    """A span while the block runs, below the one that is current or, where one is named by its traceparent, below that."""
    with _tracer().start_as_current_span(name, _named(under), attributes=attributes, record_exception=False, set_status_on_exception=False) as begun:
        try:
            yield begun
        except Exception as error:  # told to the span by its type alone, and raised on
            begun.set_status(StatusCode.ERROR)
            begun.set_attribute("error.type", type(error).__name__)
            raise


def waited(name: str, under: str, since: datetime, **attributes: str | int) -> None:
    """A span for a wait that is over, from a moment until now."""
    begun = _tracer().start_span(name, _named(under), attributes=attributes, start_time=int(since.timestamp() * 1e9))
    begun.end()


def carried() -> dict[str, str]:
    """What a job takes along so that its worker goes on with this trace, in the logs too; nothing outside of any."""
    told: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(told)
    known = get_contextvars().get("trace_id")
    if "traceparent" not in told and known:
        told["traceparent"] = f"00-{known}-{secrets.token_hex(8)}-00"
    return {"traceparent": told["traceparent"]} if told else {}


def trace_id(under: str = "") -> str:
    """The trace that is being recorded, or that a traceparent names; empty where there is none."""
    found = trace.get_current_span(_named(under)).get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else ""


def _tracer() -> Tracer:
    return _providers[0].get_tracer("ojt") if _providers else trace.NoOpTracer()


def _named(traceparent: str) -> context.Context | None:
    return TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None


def _otlp() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
