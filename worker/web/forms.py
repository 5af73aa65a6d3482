"""What a page's own form sends: read within limits, refused if it came from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, quote, unquote

from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from worker.domain import Verdict
from worker.errors import InputError
from worker.locales import N_, _, written
from worker.records import Decision
from worker.web.listquery import MAX_ID
from worker.web.visitors import known_name

PAGE_SIZE = 50
"""Lines on one page of a list: matches or stories."""
MAX_NOTE = 2_000
MAX_NAME = 80
UNDO = "undo"
_MAX_FORM_BYTES = 64_000
_MAX_FIELDS = 500
"""A page of stories has up to seven boxes a line."""
_REVIEWER_COOKIE = "seedwatch_reviewer"
_YEAR_S = 365 * 86_400
_NOT_OURS = N_("Only this page's own form can be sent here.")


class FormData:
    """The fields of a form; a field may come several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def get(self, name: str) -> str:
        """The last value of a field, empty where it is missing."""
        return next((value for key, value in reversed(self._pairs) if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return [value for key, value in self._pairs if key == name]


async def read_form(request: Request) -> FormData:
    """The fields of a posted form, within limits; nothing but plain forms is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, _(_NOT_OURS))
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, _too_long())
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
        )
    except ValueError as error:
        raise HTTPException(400, _(_NOT_OURS)) from error
    return FormData(pairs)


Form = Annotated[FormData, Depends(read_form)]


def _too_long() -> str:
    return _("A note has at most %(number)s characters.", number=written(MAX_NOTE))


def verdict_of(form: FormData) -> Verdict | None:
    """The verdict that a form gives; None takes the latest one back.

    Raises:
        InputError: it is neither.
    """
    given = form.get("verdict")
    if given == UNDO:
        return None
    if given not in list(Verdict):
        raise InputError("verdict", _("use %(values)s", values=", ".join((*Verdict, UNDO))))
    return Verdict(given)


def decisions_of(form: FormData) -> list[Decision]:
    """The decisions of a form: one verdict for each match picked, as `ID.REVIEW` that was seen.

    Raises:
        InputError: a pick or the verdict makes no sense.
    """
    verdict, note = verdict_of(form), note_of(form)
    picks = dict.fromkeys(form.all("pick"))
    return [Decision(*_pick(pick), verdict, note) for pick in picks]


def note_of(form: FormData) -> str | None:
    """The note that a form gives; None leaves what is there."""
    note = form.get("note").strip() if form.all("note") else None
    if note and len(note) > MAX_NOTE:
        raise HTTPException(413, _too_long())
    return note


def matches_of(form: FormData) -> list[int]:
    """The matches that a form picks, whatever was decided on them meanwhile.

    Raises:
        InputError: a pick makes no sense.
    """
    return [_pick(pick)[0] for pick in dict.fromkeys(form.all("pick"))]


@dataclass(frozen=True, slots=True)
class StoryPick:
    """A story that was ticked, as it was seen: its newest match and the latest review of any."""

    story_id: int
    newest: int
    review_id: int


def stories_of(form: FormData) -> list[StoryPick]:
    """The stories of a form, each as `STORY.NEWEST.REVIEW` that was seen.

    Raises:
        InputError: one makes no sense.
    """
    picks = []
    for text in dict.fromkeys(form.all("story")):
        numbers = text.split(".")
        if len(numbers) != 3 or not all(_is_id(number) for number in numbers):
            problem = _(
                "%(value)s is no story as it was seen; reload the page", value=repr(text[:60])
            )
            raise InputError("story", problem)
        picks.append(StoryPick(*map(int, numbers)))
    return picks


def _pick(text: str) -> tuple[int, int]:
    numbers = text.split(".")
    if len(numbers) != 2 or not all(_is_id(number) for number in numbers):
        problem = _("%(value)s is no match with its review; reload the page", value=repr(text[:60]))
        raise InputError("pick", problem)
    return int(numbers[0]), int(numbers[1])


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= MAX_ID


def reviewer_of(form: FormData) -> str | None:
    """Who decides: as the proxy says, else as they call themselves; None if nobody says."""
    if known_name.get():
        return known_name.get()
    name = "".join(char for char in form.get("reviewer") if char.isprintable())
    return " ".join(name.split())[:MAX_NAME] or None


def remembered_reviewer(request: Request) -> str:
    """The name that the proxy gives, else that of this browser's last verdict; empty if none."""
    if known_name.get():
        return known_name.get()
    name = unquote(request.cookies.get(_REVIEWER_COOKIE, ""), errors="ignore")
    return "".join(char for char in name if char.isprintable())[:MAX_NAME]


def remember_reviewer(answer: Response, name: str | None) -> None:
    """Keep the name for a year, or forget it where none was given."""
    if name is None:
        answer.delete_cookie(_REVIEWER_COOKIE, path="/")
        return
    answer.set_cookie(
        _REVIEWER_COOKIE, quote(name), max_age=_YEAR_S, httponly=True, samesite="lax", path="/"
    )
