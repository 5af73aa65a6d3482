"""The `[[channel]]` tables of a watch.toml: what they hold, and how they are read."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from worker.domain import ChannelConfig, DigestTime, QuietHours, Relation, TellingRules

_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_FILE = re.compile(r"file:(/[^\x00-\x1f]+)")
_RESERVED = "SEEDWATCH_"
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)
_WEB = re.compile(r"https?://[^\s@\\\x00-\x1f]+", re.IGNORECASE)
_NAME = r"^[a-z0-9][a-z0-9_-]{0,31}$"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Language = Literal["en", "vi", "fr", "id"]


def is_reference(text: str) -> bool:
    """Whether a value only says where the real one is kept: `env:NAME` or `file:/PATH`."""
    return bool(_ENV.fullmatch(text) or _FILE.fullmatch(text))


def _reference(text: str) -> str:
    if not is_reference(text):  # never said what it is: it may be the secret itself
        raise ValueError("say where it is kept: env:NAME of a variable, or file:/ABSOLUTE/PATH")
    found = _ENV.fullmatch(text)
    if found and found[1].upper().startswith(_RESERVED):
        raise ValueError(f"{found[1]}: names that begin with {_RESERVED} are the settings' own")
    return text


def _web_address(text: str) -> str:
    if text.startswith(("env:", "file:")):
        return _reference(text)
    if not _WEB.fullmatch(text):
        raise ValueError("no http or https address without user name, nor env:NAME or file:/PATH")
    return text


def _mail_address(text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise ValueError("no mail address such as desk@example.org")
    return text


def _ask_address(text: str) -> str:
    if not _MAIL.fullmatch(text) and not _WEB.fullmatch(text):
        raise ValueError("neither a mail address nor a web address")
    return text


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("no time of the day such as 07:30")
    return text


def _span(text: str) -> str:
    start, dash, end = text.partition("-")
    if not dash or not _CLOCK.fullmatch(start.strip()) or not _CLOCK.fullmatch(end.strip()):
        raise ValueError("no span of the day such as 22:00-07:00")
    if _time(start) == _time(end):
        raise ValueError("begins when it ends")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone such as Asia/Ho_Chi_Minh") from error
    return name


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _time(text: str) -> time:
    hour, _, minute = text.strip().partition(":")
    return time(int(hour), int(minute))


_Reference = Annotated[str, AfterValidator(_reference)]
_References = Annotated[tuple[_Reference, ...], BeforeValidator(_listed)]
_Mails = Annotated[
    tuple[Annotated[str, AfterValidator(_mail_address)], ...], BeforeValidator(_listed)
]
_Clock = Annotated[str, AfterValidator(_clock)]
_Span = Annotated[str, AfterValidator(_span)]
_Zone = Annotated[str, AfterValidator(_zone)]


class _Channel(BaseModel):
    """What every channel may have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=_NAME)] = ""
    relations: tuple[Literal["copy", "translation", "same_event", "same_topic"], ...] = ()
    min_score: float = Field(default=0.0, ge=0, le=1)
    languages: tuple[str, ...] = ()

    def _rules(self, **more: Any) -> TellingRules:
        relations = tuple(Relation(one) for one in self.relations)
        return TellingRules(
            relations, self.min_score, tuple(code.lower() for code in self.languages), **more
        )


class FileChannel(_Channel):
    """A dated JSON Lines file."""

    kind: Literal["file"]
    first_of_story: bool = False

    def config(self) -> ChannelConfig:
        """As the rest of the program knows it."""
        return ChannelConfig("file", self.name, self._rules(first_of_story=self.first_of_story))


class _Bell(_Channel):
    """What every channel has that rings at once."""

    first_of_story: bool = True
    quiet: _Span | None = None
    zone: _Zone = "UTC"
    per_hour: int | None = Field(default=None, ge=1, le=1000)

    def _bell_rules(self) -> TellingRules:
        start, _, end = (self.quiet or "").partition("-")
        return self._rules(
            first_of_story=self.first_of_story,
            quiet=QuietHours(_time(start), _time(end)) if self.quiet else None,
            per_hour=self.per_hour,
            zone=self.zone,
        )


class WebhookChannel(_Bell):
    """A signed POST."""

    kind: Literal["webhook"]
    url: Annotated[str, Field(max_length=2048), AfterValidator(_web_address)]
    secret: Annotated[_References, Field(min_length=1, max_length=2)]

    def config(self) -> ChannelConfig:
        """As the rest of the program knows it."""
        return ChannelConfig(
            "webhook", self.name, self._bell_rules(), to=(self.url,), secrets=self.secret
        )


class ChatChannel(_Bell):
    """A line in a chat, by Apprise."""

    kind: Literal["chat"]
    url: _Reference
    language: Language = "en"
    per_hour: int | None = Field(default=10, ge=1, le=1000)

    def config(self) -> ChannelConfig:
        """As the rest of the program knows it."""
        return ChannelConfig(
            "chat", self.name, self._bell_rules(), to=(self.url,), language=self.language
        )


class MailChannel(_Channel):
    """A digest by mail."""

    kind: Literal["mail"]
    to: Annotated[_Mails, Field(min_length=1, max_length=50)]
    language: Language = "en"
    first_of_story: bool = False
    digest: Literal["daily", "weekly"] = "daily"
    at: _Clock = "07:00"
    weekday: (
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None
    ) = None
    zone: _Zone = "UTC"
    unsubscribe: Annotated[str, AfterValidator(_ask_address)] | None = None

    @model_validator(mode="after")
    def _check_weekday(self) -> MailChannel:
        if self.weekday and self.digest == "daily":
            raise ValueError('weekday: belongs to digest = "weekly"')
        return self

    def config(self) -> ChannelConfig:
        """As the rest of the program knows it."""
        weekday = _WEEKDAYS.index(self.weekday or "monday") if self.digest == "weekly" else None
        return ChannelConfig(
            "mail",
            self.name,
            self._rules(
                first_of_story=self.first_of_story,
                digest=DigestTime(_time(self.at), weekday),
                zone=self.zone,
            ),
            to=self.to,
            language=self.language,
            unsubscribe=self.unsubscribe,
        )


Channel = Annotated[
    FileChannel | WebhookChannel | ChatChannel | MailChannel, Field(discriminator="kind")
]
"""One `[[channel]]` table."""
