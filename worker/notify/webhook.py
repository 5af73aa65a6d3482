"""Webhooks: a signed POST, as Standard Webhooks (standardwebhooks.com, v1) describes it.

The signature is an HMAC-SHA256 over `id.timestamp.body`; the id is the same at every attempt, the
timestamp is that of the attempt. While keys change a message carries a signature with each of two.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from worker.domain import Failure, Fetched, NotModified, Outcome
from worker.errors import FetchError, TellError
from worker.notify.messages import Message, Receipt, event_of
from worker.notify.references import missing, resolve, secret_parts, without

PREFIX: Final = "whsec_"
_MIN_KEY_BYTES, _MAX_KEY_BYTES = 24, 64
"""As the specification asks: 192 to 512 bits."""
_SHOWN_BYTES: Final = 300


class Post(Protocol):
    """Sends a POST under the one client's rules, following nothing."""

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Fetched | NotModified:
        """Send it.

        Raises:
            FetchError: anything but a 2xx came back, or nothing.
        """
        ...


class WebhookSender:
    """Sends signed webhooks.

    Args:
        post: see `Post`.
        clock: aware UTC.
    """

    def __init__(self, post: Post, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._clock = clock

    def send(self, message: Message) -> Receipt:
        """Send it: see `worker.notify.messages.Sender`."""
        (address,) = message.channel.to
        url = resolve(address)
        keys = [signing_key(reference) for reference in message.channel.secrets]
        body = json.dumps(event_of(message), ensure_ascii=False).encode("utf-8", "replace")
        moment = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "Accept": "*/*",
            # so that no connection is kept whose end would cost the next message a try
            "Connection": "close",
            "webhook-id": message.key,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(keys, message.key, moment, body),
        }
        try:
            got = self._post(url, headers, body)
        except FetchError as error:
            raise _told(error, url) from error
        status, said = (got.status, got.body) if isinstance(got, Fetched) else (304, b"")
        text = said[:_SHOWN_BYTES].decode("utf-8", "replace")
        return Receipt(detail=without(secret_parts(url), text), status=status)


def signing_key(reference: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        TellError: MISCONFIGURED; the secret is not there, or is none. It is not shown.
    """
    secret = resolve(reference)
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise missing(
            f"{reference} holds no webhook secret: {PREFIX} and {_MIN_KEY_BYTES} to "
            f"{_MAX_KEY_BYTES} bytes in base64"
        )
    return key


def signature(keys: Sequence[bytes], key: str, moment: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each key.

    Args:
        keys: the new one first.
        key: the message's id.
        moment: seconds since 1970.
        body: as sent.
    """
    signed = f"{key}.{moment}.".encode() + body
    made = (hmac.new(one, signed, hashlib.sha256).digest() for one in keys)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)


_OF_THE_MESSAGE: Final = frozenset({400, 406, 409, 411, 413, 414, 415, 422, 424, 428, 431})
"""Answers to what this message says; any other refusal is one to the channel as a whole."""


def _told(error: FetchError, url: str) -> TellError:
    """A failed request as what it means for the message and its channel."""
    detail = without(secret_parts(url), error.detail or str(error.outcome))
    outcome, failure = error.outcome, error.failure
    if error.status == 410:
        detail = "the receiver says that it is gone for good (HTTP 410)"
    elif error.status in _OF_THE_MESSAGE:
        outcome, failure = Outcome.REFUSED, Failure.SOFT
    elif error.outcome is Outcome.BLOCKED_ADDRESS:
        detail += "; SEEDWATCH_FETCH_ALLOW_NETS allows private networks"
    elif failure is Failure.SOFT:
        failure = Failure.BLOCKED
    if error.retry_after_s:
        detail += f"; asks to wait {error.retry_after_s:.0f} s"
    return TellError(outcome, failure, detail, error.status, error.retry_after_s)
