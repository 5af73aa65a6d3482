"""A digest as a letter: text and HTML, in the reader's language, grouped by story."""

from __future__ import annotations

from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from worker.locales import _, ngettext, speaking, spoken
from worker.notify.digest import MOST_STORIES, Story, headline, one_line, stories_of, summary
from worker.notify.messages import Message

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"


def letter_of(message: Message, sender: str) -> EmailMessage:
    """A message as a letter; the same at every attempt, its Message-ID too.

    Args:
        message: to a mail channel.
        sender: its address.
    """
    domain = sender.rpartition("@")[2]
    letter = EmailMessage(policy=SMTP)
    with speaking(message.channel.language):
        stories = stories_of(message)
        shown, left = stories[:MOST_STORIES], max(0, len(stories) - MOST_STORIES)
        letter["Subject"] = headline(message)
        letter["From"] = sender
        letter["To"] = ", ".join(message.channel.to)
        letter["Date"] = format_datetime(message.made_at.astimezone(UTC))
        letter["Message-ID"] = f"<{message.key.replace(':', '.')}@{domain}>"
        letter["List-Id"] = f"<{message.channel.name}.{message.watch.name}.seedwatch.{domain}>"
        letter["List-Unsubscribe"] = f"<{_way_out(message, sender)}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(_text(message, shown, left))
        letter.add_alternative(_html(message, shown, left), subtype="html")
        letter["Content-Language"] = spoken()
    return letter


def _text(message: Message, stories: list[Story], left: int) -> str:
    lines = [headline(message), ""]
    if message.is_test:
        lines += [_("This channel works."), ""]
    else:
        lines += [summary(message, stories_of(message)), ""]
    for story in stories:
        if story.summary:
            lines += [f"# {story.summary}", ""]
        for item in story.items:
            lines += [item.title, item.facts]
            lines += [url for url in (item.url, item.review_url) if url]
            lines.append("")
        if story.more:
            lines += [_more(story.more), ""]
    if left:
        lines += [_more_stories(left), ""]
    return "\n".join([*lines, "-- ", *_footer(message), ""])


def _html(message: Message, stories: list[Story], left: int) -> str:
    return _template().render(
        message=message,
        headline=headline(message),
        summary="" if message.is_test else summary(message, stories_of(message)),
        stories=stories,
        left=_more_stories(left) if left else "",
        more=_more,
        footer=_footer(message),
        pages_url=message.pages_url,
        language=spoken(),
        _=_,
    )


def _footer(message: Message) -> list[str]:
    title = one_line(message.watch.title)
    lines = [_("Seedwatch tells this address of %(watch)s.", watch=title)]
    if message.channel.unsubscribe:
        lines.append(_("To be left out: %(address)s", address=message.channel.unsubscribe))
    return lines


def _more(number: int) -> str:
    return ngettext("and %(num)s more", "and %(num)s more", number)


def _more_stories(number: int) -> str:
    return ngettext("and %(num)s more story", "and %(num)s more stories", number)


def _way_out(message: Message, sender: str) -> str:
    """Where a mail program's own button asks for it: by mail, unless a page is named."""
    address = message.channel.unsubscribe or sender
    if address.startswith(("http://", "https://")):
        return address
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'unsubscribe {message.watch.name}')}"


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("digest.html")
