"""The channels of a watch.toml: what can be said, and what is said of a mistake."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from worker.domain import ChannelConfig, DigestTime, QuietHours, Relation, TellingRules
from worker.errors import WatchError
from worker.match.watchfile import read_watch_file, watch_file_text


def read(folder: Path, *tables: str) -> tuple[ChannelConfig, ...]:
    path = folder / "watch.toml"
    text = "\n".join(f"[[channel]]\n{table}" for table in tables)
    path.write_text(f'title = "Kelp"\n{text}\n')
    return tuple(one.config() for one in read_watch_file(path).channel)


def problem(folder: Path, *tables: str) -> str:
    with pytest.raises(WatchError) as caught:
        read(folder, *tables)
    assert caught.value.where == str(folder / "watch.toml")
    assert "\n" not in caught.value.problem
    return caught.value.problem


def test_without_any_there_is_the_file(tmp_path: Path) -> None:
    assert read(tmp_path) == (ChannelConfig("file"),)


def test_every_kind_with_all_it_can_have(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'kind = "file"\nfirst_of_story = true',
        'kind = "webhook"\nname = "desk"\nurl = "https://example.org/hook"\n'
        'secret = ["env:NEW", "file:/run/secrets/old"]\nrelations = ["copy"]\nmin_score = 0.8\n'
        'languages = ["vi"]\nquiet = "22:00-7:00"\nzone = "Asia/Ho_Chi_Minh"\nper_hour = 6',
        'kind = "mail"\nto = "desk@example.org"\nlanguage = "vi"\ndigest = "weekly"\n'
        'weekday = "friday"\nat = "07:30"\nunsubscribe = "https://example.org/out"',
        'kind = "chat"\nurl = "env:CHAT"\nlanguage = "fr"',
    )
    assert found == (
        ChannelConfig("file", rules=TellingRules(first_of_story=True)),
        ChannelConfig(
            "webhook", "desk",
            TellingRules(
                (Relation.COPY,), 0.8, ("vi",), True, QuietHours(time(22), time(7)), 6,
                zone="Asia/Ho_Chi_Minh",
            ),
            ("https://example.org/hook",), ("env:NEW", "file:/run/secrets/old"),
        ),
        ChannelConfig(
            "mail", "mail", TellingRules(digest=DigestTime(time(7, 30), 4)),
            ("desk@example.org",), (), "vi", "https://example.org/out",
        ),
        ChannelConfig(
            "chat", "chat", TellingRules(first_of_story=True, per_hour=10), ("env:CHAT",), (), "fr"
        ),
    )  # fmt: skip


HOOK = 'kind = "webhook"\nname = "desk"\nurl = "https://a.example/x"\nsecret = "env:A"\n'
MAIL = 'kind = "mail"\nname = "morning"\nto = "a@example.org"\n'


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('kind = "pigeon"', "channel pigeon: kind: use file, webhook, mail or chat"),
        ('name = "x"', "channel x: kind: use file, webhook, mail or chat"),
        ('kind = "file"\nquiet = "22:00-07:00"', "channel file: quiet: is no setting of a file"),
        (HOOK.replace("desk", "The Desk"), "channel The Desk: name:"),
        (HOOK.replace("https", "ftp"), "channel desk: url: no http or https address"),
        (HOOK.replace("//a", "//u:geheim@a"), "channel desk: url: no http or https address"),
        (HOOK.replace("env:A", "whsec_geheim"), "channel desk: secret: number 1: say where"),
        (HOOK.replace("env:A", "env:SEEDWATCH_A"), "names that begin with SEEDWATCH_"),
        (HOOK.replace("env:A", "file:relative"), "file:/ABSOLUTE/PATH"),
        (HOOK.replace('"env:A"', '["env:A", "env:B", "env:C"]'), "channel desk: secret"),
        (HOOK.replace('secret = "env:A"\n', ""), "channel desk: secret: Field required"),
        (HOOK + "per_hour = 0", "channel desk: per_hour"),
        (HOOK + 'quiet = "late"', "channel desk: quiet: no span of the day such as 22:00-07:00"),
        (HOOK + 'quiet = "07:00-07:00"', "channel desk: quiet: begins when it ends"),
        (HOOK + 'zone = "Mars/Base"', "channel desk: zone: no time zone"),
        (HOOK + 'zone = "../../etc/passwd"', "channel desk: zone: no time zone"),
        (HOOK + 'relations = ["unrelated"]', "channel desk: relations: number 1"),
        (HOOK + "min_score = 2", "channel desk: min_score"),
        (HOOK + "first_off = true", "channel desk: first_off: is no setting of a webhook"),
        (MAIL.replace("a@", "a b@"), "channel morning: to: number 1: no mail address"),
        (MAIL.replace("a@", r"a\r\nBcc: b@"), "channel morning: to: number 1: no mail address"),
        (MAIL + 'at = "25:00"', "channel morning: at: no time of the day"),
        (MAIL + 'weekday = "friday"', 'channel morning: weekday: belongs to digest = "weekly"'),
        (MAIL + 'language = "de"', "channel morning: language"),
        (MAIL + 'unsubscribe = "javascript:x"', "channel morning: unsubscribe"),
        ('kind = "chat"\nurl = "slack://geheim/x"', "channel chat: url: say where it is kept"),
    ],
)
def test_a_mistake_is_named_with_its_channel_and_field(
    tmp_path: Path, table: str, told: str
) -> None:
    said = problem(tmp_path, table)
    assert told in said
    assert "geheim" not in said


def test_two_channels_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    assert "channel file: name: two channels" in problem(tmp_path, 'kind = "file"', 'kind = "file"')


def test_the_example_in_a_new_watch_file_is_right(tmp_path: Path) -> None:
    lines = watch_file_text("Kelp").splitlines()
    start = next(n for n, line in enumerate(lines) if "[[channel]]" in line)
    path = tmp_path / "watch.toml"
    path.write_text(
        'title = "Kelp"\n' + "\n".join(line.removeprefix("# ") for line in lines[start:])
    )
    (mail,) = read_watch_file(path).channel
    assert mail.config().rules.digest == DigestTime(time(7))


def test_the_examples_of_the_documentation_are_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    examples = [block.split("```")[0] for block in text.split("```toml\n")[1:]]
    (telling,) = [block for block in examples if "[[channel]]" in block]
    path = tmp_path / "watch.toml"
    path.write_text(f'title = "Kelp"\n{telling}')
    assert [one.kind for one in read_watch_file(path).channel] == [
        "file", "webhook", "mail", "chat",
    ]  # fmt: skip
