"""Letters go out by SMTP: with TLS from the start, with STARTTLS, or (to a relay nearby) without.

The whole exchange is bounded: a server that says a byte a minute keeps each single read within its
time.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from worker.domain import Failure, Outcome
from worker.errors import TellError
from worker.notify.mail import letter_of
from worker.notify.messages import Message, Receipt
from worker.notify.references import missing, resolve, without

Tls = Literal["starttls", "tls", "none"]
_PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who sends our mail.

    Attributes:
        host: empty if there is none.
        port: None = the usual one of the mode.
        password: or a reference to where it is kept.
        sender: the address that mail comes from.
        ca_file: further certificates to trust (PEM).
        timeout_s: of one read. total_s: of a letter, from connecting to the server's last word.
    """

    host: str
    port: int | None = None
    tls: Tls = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    ca_file: Path | None = None
    timeout_s: float = 10.0
    total_s: float = 30.0


class MailSender:
    """Sends digests by mail.

    Args:
        server: who takes them.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, message: Message) -> Receipt:
        """Send it: see `worker.notify.messages.Sender`."""
        server = self._server
        if not server.host or not server.sender:
            raise missing("set SEEDWATCH_SMTP_HOST and SEEDWATCH_MAIL_FROM to send mail")
        password = resolve(server.password)
        if server.user and server.tls == "none":
            raise missing("a password is not sent without TLS: set SEEDWATCH_SMTP_TLS")
        letter = letter_of(message, server.sender)
        try:
            with self._connected(password) as smtp:
                refused = smtp.send_message(letter, server.sender, list(message.channel.to))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _told(error, password) from error
        if refused:
            return Receipt(Outcome.PARTLY_SENT, _refusals(refused), status=250)
        return Receipt(detail=f"taken by {server.host}", status=250)

    @contextmanager
    def _connected(self, password: str) -> Iterator[smtplib.SMTP]:
        """A conversation with the server that ends in time, whatever it does."""
        server = self._server
        port = server.port or _PORTS[server.tls]
        smtp = _connection(server)
        guard = threading.Timer(server.total_s, _hang_up, (smtp,))
        guard.daemon = True
        guard.start()
        try:
            smtp.connect(server.host, port)
            if server.tls == "starttls":
                smtp.starttls(context=_context(server))
            if server.user:
                smtp.login(server.user, password)
            yield smtp
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        finally:
            guard.cancel()
            smtp.close()


def _connection(server: MailServer) -> smtplib.SMTP:
    if server.tls == "tls":
        made: smtplib.SMTP = smtplib.SMTP_SSL(timeout=server.timeout_s, context=_context(server))
    else:
        made = smtplib.SMTP(timeout=server.timeout_s)
    # the name that the certificate is checked for; else only set by a constructor that connects
    made._host = server.host  # type: ignore[attr-defined]
    return made


def _context(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)


def _hang_up(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)


def _told(error: Exception, password: str) -> TellError:
    """What went wrong, as what it means for the letter and the channel."""
    outcome, failure, status = Outcome.UNREACHABLE, Failure.TEMPORARY, None
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in error.recipients.values()]
        is_for_now = any(400 <= code < 500 for code in codes)
        outcome, status = Outcome.REFUSED, codes[0]
        failure = Failure.TEMPORARY if is_for_now else Failure.BLOCKED
        detail = _refusals(error.recipients)
    elif isinstance(error, smtplib.SMTPResponseException):
        status = error.smtp_code
        said = error.smtp_error
        detail = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        outcome = Outcome.REFUSED
        if status >= 500:
            is_of_letter = isinstance(error, smtplib.SMTPDataError)
            failure = Failure.SOFT if is_of_letter else Failure.BLOCKED
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        outcome, failure = Outcome.MISCONFIGURED, Failure.BLOCKED
    elif isinstance(error, ssl.SSLCertVerificationError):
        failure = Failure.BLOCKED
    elif isinstance(error, TimeoutError):
        outcome = Outcome.TIMEOUT
    elif isinstance(error, ValueError):
        outcome, failure = Outcome.MISCONFIGURED, Failure.BLOCKED
    return TellError(outcome, failure, without([password], detail), status)


def _refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    told = [
        f"{address}: {code} {said.decode('utf-8', 'replace')}"
        for address, (code, said) in sorted(refused.items())
    ]
    return without([], "; ".join(told))
