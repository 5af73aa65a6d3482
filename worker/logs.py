"""Log lines on stderr: for a person, or one JSON object each, with the fields of each attempt.

Our own modules and every library write with the standard library's logging; fields go into
`extra`. structlog only renders them, and takes out whatever looks like a password on the way.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from worker.config import Settings, without_password

_NOISY = {
    # these say in their own words what our one line an attempt says in ours
    "trafilatura": logging.CRITICAL,
    "htmldate": logging.CRITICAL,
    "urllib3": logging.ERROR,
    "alembic": logging.WARNING,
    "celery": logging.WARNING,
    "kombu": logging.WARNING,
    "uvicorn": logging.WARNING,
    "opentelemetry": logging.WARNING,
}
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>\\]+", re.IGNORECASE)
_HEADER = re.compile(r"\b(authorization|cookie)(['\"]?\s*[:=]\s*)[^\n]+", re.IGNORECASE)

EventDict = dict[str, Any]


def start_logging(settings: Settings) -> None:
    """Log to stderr, as text or as one JSON object a line, as the settings say."""
    is_json = settings.log_format == "json"
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso" if is_json else "%H:%M:%S", key="at"),
    ]
    rendered: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if is_json:
        rendered += [
            structlog.processors.ExceptionRenderer(),
            structlog.processors.EventRenamer("message"),
            _without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        rendered += [structlog.processors.ExceptionRenderer(), _without_secrets, _as_text]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendered)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, root.level))


def without_secrets(text: str) -> str:
    """A text in which no URL has a password or a token, and no header a credential."""
    text = _URL.sub(lambda found: without_password(found[0]), text)
    return _HEADER.sub(r"\1\2***", text)


def _without_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {
        name: without_secrets(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _as_text(_logger: object, _method: str, event: EventDict) -> str:
    """`12:00:00 INFO    worker.pipeline: polled feed=https://... outcome=ok`."""
    head = f"{event.pop('at')} {event.pop('level').upper():<7} {event.pop('logger')}"
    message, trace = event.pop("event"), event.pop("exception", None)
    fields = "".join(f" {name}={_quoted(value)}" for name, value in event.items())
    return f"{head}: {message}{fields}" + (f"\n{trace}" if trace else "")


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return repr(text) if not text or re.search(r"[\s\"'=]", text) else text
