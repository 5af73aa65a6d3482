"""Chats through Apprise, to a real receiver on loopback."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.notify.letters import HOSTILE, message, of_two_stories, row
from tests.receivers import Receiver
from worker.domain import ChannelConfig, Failure
from worker.errors import TellError
from worker.notify.chat import MOST_LINES, ChatSender

# Apprise imports modules of the standard library that will go
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CHAT = ChannelConfig("chat", "team", to=("env:CHAT",), language="fr")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    pytest.importorskip("apprise")
    made = Receiver()
    monkeypatch.setenv("CHAT", made.url("/geheimnis123").replace("http://", "json://"))
    yield made
    made.close()


def test_a_chat_gets_a_few_lines_in_its_language(receiver: Receiver) -> None:
    ChatSender().send(message(CHAT, *of_two_stories()))
    (got,) = receiver.got
    assert got.json["title"].startswith("Kelp & kin")
    body = got.json["message"]
    assert "Traduction" in body
    assert "https://watch.example.org/matches/3" in body
    assert "javascript:" not in body


def test_a_title_mentions_nobody_and_commands_nothing(receiver: Receiver) -> None:
    ChatSender().send(message(CHAT, row(1, title=HOSTILE)))
    body = receiver.got[0].json["message"]
    for what in ("@everyone", "<!channel>", "<script>"):
        assert what not in body
    assert "everyone" in body


def test_a_long_list_is_summed_up(receiver: Receiver) -> None:
    ChatSender().send(message(CHAT, *(row(n) for n in range(1, 31))))
    body = receiver.got[0].json["message"]
    assert body.count("Title ") == MOST_LINES
    assert "20" in body.splitlines()[-1]


def test_a_service_that_refuses_is_tried_again_and_its_address_not_shown(
    receiver: Receiver,
) -> None:
    receiver.answers = [500]
    with pytest.raises(TellError) as caught:
        ChatSender().send(message(CHAT, row(1)))
    assert caught.value.failure is Failure.TEMPORARY
    assert "geheimnis" not in caught.value.detail


@pytest.mark.parametrize("address", ["nonsense", "nosuchservice://token12345"])
def test_an_address_that_means_nothing_is_named_by_its_reference(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    pytest.importorskip("apprise")
    monkeypatch.setenv("CHAT", address)
    with pytest.raises(TellError, match="env:CHAT holds no address") as caught:
        ChatSender().send(message(CHAT, row(1)))
    assert address not in str(caught.value)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TellError, match=r"seedwatch\[chat\]"):
        ChatSender().send(message(CHAT, row(1)))


def test_apprise_is_not_loaded_until_a_chat_is_told() -> None:
    code = "import sys, worker.wiring; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
