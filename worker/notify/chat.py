"""Chats: a few lines to any service that Apprise knows (Slack, Matrix, Telegram, Zulip ...).

Apprise is an extra and is imported when the first message is sent. It makes its own connections,
to an address that only the operator can set.
"""

from __future__ import annotations

import importlib.util
import logging
import threading

from worker.domain import Failure, Outcome
from worker.errors import TellError
from worker.locales import _, ngettext, speaking
from worker.notify.digest import Item, headline, item_of
from worker.notify.messages import Message, Receipt
from worker.notify.references import missing, resolve, secret_parts, without

MOST_LINES = 10

_one_at_a_time = threading.Lock()
"""What Apprise says of a failure goes to one logger: two at once would hear each other's."""


class ChatSender:
    """Sends a few lines to a chat."""

    def send(self, message: Message) -> Receipt:
        """Send it: see `worker.notify.messages.Sender`."""
        if importlib.util.find_spec("apprise") is None:
            raise missing("chats need Apprise: pip install 'seedwatch[chat]'")
        import apprise

        (reference,) = message.channel.to
        address = resolve(reference)
        asset = apprise.AppriseAsset(app_id="Seedwatch", async_mode=False, secure_logging=True)
        chat = apprise.Apprise(asset=asset)
        heard_by = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]
        with _one_at_a_time, heard_by as said:
            if not chat.add(address):
                raise missing(f"{reference} holds no address that Apprise knows")
            with speaking(message.channel.language):
                title, body = lines_of(message)
            is_sent = chat.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
            heard = without([*secret_parts(address), *_words(address)], said.getvalue())
        if not is_sent:
            raise TellError(Outcome.FAILED, Failure.TEMPORARY, heard or "the service took nothing")
        return Receipt()


def lines_of(message: Message) -> tuple[str, str]:
    """Title and body of a chat message."""
    if message.is_test:
        return headline(message), _("This channel works.")
    blocks = [_block(item_of(message, row)) for row in message.rows[:MOST_LINES]]
    left = len(message.rows) - MOST_LINES
    if left > 0:
        blocks.append(ngettext("and %(num)s more", "and %(num)s more", left))
    return calm(headline(message)), "\n\n".join(blocks)


def calm(text: str) -> str:
    """A text of somebody else in which no chat finds a mention, a link or a command."""
    return text.replace("@", "@\u200b").replace("<", "‹").replace(">", "›").replace("`", "'")


def _block(item: Item) -> str:
    urls = [url for url in (item.url, item.review_url) if url]
    return "\n".join([calm(item.title), calm(item.facts), *urls])


def _words(address: str) -> list[str]:
    """The parts of an Apprise address that may be tokens; they turn up alone in what it says."""
    rest = address.partition("://")[2].partition("?")[0]
    return [part for part in rest.replace("@", "/").replace(":", "/").split("/") if len(part) > 7]
