"""Digests, received by a real mail server on loopback."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from lxml import html

from tests.notify.letters import HOSTILE, message, of_two_stories, row
from worker.domain import ChannelConfig, Failure, Outcome
from worker.errors import TellError
from worker.locales import LANGUAGES
from worker.notify.smtp import MailSender, MailServer

READERS = ("a@example.org", "b@example.org")


class Mailbox:
    """What the server does with letters; keeps those that it takes."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refused: dict[str, str] = {}
        self.answer = "250 taken"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own names
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.answer.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
            self.recipients.append(envelope.rcpt_tos)
        return self.answer


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def serve(mailbox: Mailbox) -> Iterator[Callable[..., MailServer]]:
    """Starts a server and says how it is reached."""
    running: list[Controller] = []

    def start(**more: Any) -> MailServer:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **more)
        controller.start()
        running.append(controller)
        return MailServer("127.0.0.1", port, "none", sender="seedwatch@example.org")

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate of this test")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "key.pem"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def mail(language: str = "en", *to: str, **more: Any) -> ChannelConfig:
    return ChannelConfig("mail", "morning", to=to or READERS, language=language, **more)


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


def failing(server: MailServer, channel: ChannelConfig | None = None) -> TellError:
    with pytest.raises(TellError) as caught:
        MailSender(server).send(message(channel or mail(), row(1)))
    return caught.value


def test_a_digest_is_received_as_text_and_html(
    serve: Callable[..., MailServer], mailbox: Mailbox
) -> None:
    got = MailSender(serve()).send(message(mail(), *of_two_stories()))
    assert (got.outcome, got.status) == (Outcome.SENT, 250)
    (letter,) = mailbox.letters
    assert mailbox.recipients == [list(READERS)]
    assert letter["Subject"] == "Kelp & kin: 4 new matches"
    assert (letter["From"], letter["To"]) == ("seedwatch@example.org", ", ".join(READERS))
    assert letter["Message-ID"] == "<kelp.morning.12ab@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == (
        "<mailto:seedwatch@example.org?subject=unsubscribe%20kelp>"
    )
    assert [one.get_content_type() for one in letter.iter_parts()] == ["text/plain", "text/html"]
    text, page = part(letter, "plain"), html.document_fromstring(part(letter, "html"))
    assert "4 matches in 2 stories." in text
    assert "4 matches in 2 stories." in page.text_content()
    assert [" ".join(heading.text_content().split()) for heading in page.xpath("//h2")] == [
        "3 matches (Japanese, Arabic, Vietnamese)"
    ]
    titles = [node.text_content() for node in page.xpath("//strong")]
    assert titles[:3] == ["海藻の研究所", "مختبر الأعشاب", "Tảo bẹ ở Kilifi"]
    assert "https://watch.example.org/matches/3" in text
    assert "Translation · 99% · The News · Japanese · 1 Mar 2026" in text


def test_nothing_of_a_page_is_markup_header_or_link(
    serve: Callable[..., MailServer], mailbox: Mailbox
) -> None:
    hostile = row(1, title=HOSTILE, outlet=HOSTILE, url="javascript:alert(1)")
    watch = message(mail(), hostile).watch
    sent = message(mail(), hostile)
    object.__setattr__(sent, "watch", type(watch)("kelp", HOSTILE, watch.seeds))
    MailSender(serve()).send(sent)
    (letter,) = mailbox.letters
    page = html.document_fromstring(part(letter, "html"))
    assert not page.xpath("//script")
    assert [link.get("href") for link in page.xpath("//a")] == [
        "https://watch.example.org/matches/1"
    ]
    assert letter["Bcc"] is None
    assert "\n" not in letter["Subject"]
    assert "javascript:" not in part(letter, "plain")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_digest_speaks_its_readers_language(
    serve: Callable[..., MailServer], mailbox: Mailbox, language: str
) -> None:
    MailSender(serve()).send(message(mail(language), *of_two_stories()))
    (letter,) = mailbox.letters
    said = {
        "en": ("new matches", "Japanese", "Translation"),
        "vi": ("Tiếng Nhật", "Bản dịch"),
        "fr": ("japonais", "Traduction"),
        "id": ("Jepang", "Terjemahan"),
    }
    text = part(letter, "plain")
    for word in said[language]:
        assert word in text
    assert letter["Content-Language"] == language
    assert f'<html lang="{language}">' in part(letter, "html")
    assert (letter["Subject"] == "Kelp & kin: 4 new matches") == (language == "en")


def test_the_way_out_may_be_a_page(serve: Callable[..., MailServer], mailbox: Mailbox) -> None:
    MailSender(serve()).send(message(mail(unsubscribe="https://example.org/out"), row(1)))
    (letter,) = mailbox.letters
    assert letter["List-Unsubscribe"] == "<https://example.org/out>"
    assert "https://example.org/out" in part(letter, "plain")


def test_a_long_digest_says_how_much_it_leaves_out(
    serve: Callable[..., MailServer], mailbox: Mailbox
) -> None:
    copies = [row(n, story_id=1) for n in range(1, 26)]
    others = [row(n) for n in range(100, 160)]
    MailSender(serve()).send(message(mail(), *copies, *others))
    text = part(mailbox.letters[0], "plain")
    assert "85 matches in 61 stories." in text
    assert "and 15 more" in text
    assert "and 11 more stories" in text


def test_a_test_message_arrives(serve: Callable[..., MailServer], mailbox: Mailbox) -> None:
    MailSender(serve()).send(message(mail()))
    assert "This channel works." in part(mailbox.letters[0], "plain")


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # TLS is around it from the start
@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_mail_goes_through_tls_to_a_server_that_is_who_it_says(
    serve: Callable[..., MailServer], mailbox: Mailbox, certificate: Path, mode: str
) -> None:
    def check(*_: Any) -> AuthResult:
        return AuthResult(success=True)

    login = {"authenticator": check, "auth_required": True}
    if mode == "tls":
        reached = serve(ssl_context=tls(certificate), auth_require_tls=False, **login)
    else:
        reached = serve(tls_context=tls(certificate), require_starttls=True, **login)
    trusted = MailServer(
        "localhost", reached.port, mode, "us", "geheim", reached.sender,  # type: ignore[arg-type]
        certificate / "cert.pem",
    )  # fmt: skip
    assert MailSender(trusted).send(message(mail(), row(1))).outcome is Outcome.SENT
    stranger = MailServer("localhost", reached.port, mode, "us", "geheim", reached.sender)  # type: ignore[arg-type]
    error = failing(stranger)
    assert error.failure is Failure.BLOCKED
    assert "certificate" in error.detail
    assert len(mailbox.letters) == 1


def test_a_server_without_starttls_gets_no_letter(
    serve: Callable[..., MailServer], mailbox: Mailbox
) -> None:
    reached = serve()
    error = failing(MailServer("127.0.0.1", reached.port, sender=reached.sender))
    assert (error.outcome, error.failure) == (Outcome.MISCONFIGURED, Failure.BLOCKED)
    assert mailbox.letters == []


def test_a_password_is_never_sent_in_the_clear(serve: Callable[..., MailServer]) -> None:
    reached = serve()
    error = failing(MailServer("127.0.0.1", reached.port, "none", "us", "geheim", reached.sender))
    assert error.outcome is Outcome.MISCONFIGURED
    assert "geheim" not in str(error)
    assert "geheim" not in repr(reached) + repr(MailServer("x", password="geheim"))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("451 try later", Failure.TEMPORARY),
        ("552 too large", Failure.SOFT),
        ("554 no spam here", Failure.SOFT),
    ],
)
def test_a_server_that_refuses_a_letter_is_told_apart(
    serve: Callable[..., MailServer], mailbox: Mailbox, answer: str, failure: Failure
) -> None:
    mailbox.answer = answer
    error = failing(serve())
    assert (error.outcome, error.failure) == (Outcome.REFUSED, failure)
    assert str(error.status) == answer[:3]
    assert answer[4:] in error.detail


def test_readers_whose_address_is_refused_are_named_and_the_others_get_it(
    serve: Callable[..., MailServer], mailbox: Mailbox
) -> None:
    mailbox.refused = {"a@example.org": "550 nobody here"}
    got = MailSender(serve()).send(message(mail(), row(1)))
    assert got.outcome is Outcome.PARTLY_SENT
    assert "a@example.org: 550 nobody here" in got.detail
    assert mailbox.recipients == [["b@example.org"]]
    mailbox.refused["b@example.org"] = "450 box is full"
    assert failing(serve()).failure is Failure.TEMPORARY
    mailbox.refused["b@example.org"] = "550 gone"
    assert failing(serve()).failure is Failure.BLOCKED


def test_nobody_there_is_for_now() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    error = failing(MailServer("127.0.0.1", port, "none", sender="s@example.org"))
    assert (error.outcome, error.failure) == (Outcome.UNREACHABLE, Failure.TEMPORARY)


@pytest.mark.parametrize("words", [b"", b"2"])
def test_a_server_that_says_a_byte_now_and_then_holds_nobody_up(words: bytes) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(words)
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        server = MailServer(
            "127.0.0.1", port, "none", sender="s@example.org", timeout_s=0.3, total_s=0.6
        )
        error = failing(server)
        stop.set()
        thread.join(5)
    assert error.failure is Failure.TEMPORARY


def test_without_a_server_it_says_what_to_set() -> None:
    error = failing(MailServer(""))
    assert error.failure is Failure.BLOCKED
    assert "SEEDWATCH_SMTP_HOST" in error.detail
