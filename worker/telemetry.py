"""Traces to OpenTelemetry and errors to Sentry, each only if the settings name a receiver.

Neither library is imported, or need be installed, where its setting is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from worker import __version__
from worker.config import Settings
from worker.errors import ConfigError

_SERVICE = "seedwatch"
_make_span: list[Callable[[str], AbstractContextManager[object]]] = []


def start_telemetry(settings: Settings) -> None:
    """Begin to send what the settings ask for.

    Raises:
        ConfigError: a library is not installed, or an address cannot be used.
    """
    if settings.sentry_dsn:
        _start_sentry(settings.sentry_dsn)
    if settings.otel_endpoint:
        _start_traces(settings.otel_endpoint)


@contextmanager
def span(name: str) -> Iterator[None]:
    """A stage of the work, as a span where traces are sent."""
    with _make_span[0](name) if _make_span else nullcontext():
        yield


def _start_sentry(dsn: str) -> None:
    try:
        import sentry_sdk
    except ImportError as error:
        raise _missing("SEEDWATCH_SENTRY_DSN", "sentry") from error
    try:
        sentry_sdk.init(
            dsn=dsn,
            release=f"{_SERVICE}@{__version__}",
            include_local_variables=False,  # they hold texts, addresses and settings
            max_request_body_size="never",
            traces_sample_rate=0.0,
        )
    except ValueError as error:  # BadDsn
        raise ConfigError("SEEDWATCH_SENTRY_DSN", f"cannot be used: {error}") from error


def _start_traces(endpoint: str) -> None:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise _missing("SEEDWATCH_OTEL_ENDPOINT", "otel") from error
    resource = Resource.create({"service.name": _SERVICE, "service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    tracer = provider.get_tracer(_SERVICE, __version__)
    _make_span[:] = [tracer.start_as_current_span]


def _missing(setting: str, extra: str) -> ConfigError:
    return ConfigError(setting, f"needs a library: pip install 'seedwatch[{extra}]'")
