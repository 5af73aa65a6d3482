"""A watch's threshold: what holds, what verdicts speak for, what a change would do.

It brings the store's verdicts and the room `learn` together for the command line and the pages.
What watch.toml says and what a person decided in the store: the later word counts. A decision notes
what the file said then, and ends when the file says something else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from worker.domain import Judged, Tuning, Verdict, Watch
from worker.domain.learning import GENERAL_SCORE, MISSING_ASPECTS
from worker.errors import InputError
from worker.learn.estimates import Rate, Stratum, recall, wilson
from worker.learn.fitting import (
    GREATEST_THRESHOLD,
    LEAST_THRESHOLD,
    Proposal,
    Setting,
    propose,
)
from worker.learn.replay import Replay, Scored, replay
from worker.match.matcher import DEFAULT_THRESHOLD
from worker.records import FAR, NEAR, NewSetting, SampleWindow, ScoredRow, SettingRow
from worker.store.learning import added_seeds, is_added
from worker.store.store import Store

ENOUGH_BLIND = 5
"""Verdicts on the blind sample of one language from which its recall is told."""
LIKELY, MOST_TO_WIDEN = 6, 3
"""Matches that are offered as further seeds, and the seeds beyond which none are."""
_FRESH_S = 3.0


class StoredTunings:
    """What was decided for watches, read again every few seconds: a change holds without a restart.

    Args:
        store: where the decisions are.
        watches: with the thresholds of their files.
    """

    def __init__(self, store: Store, watches: Sequence[Watch]) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: Mapping[str, Tuning] = {}

    def __call__(self) -> Mapping[str, Tuning]:
        """The tunings that hold, by watch."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S:
                current = self._store.learning.current()
                self._found = tunings_of(self._watches.values(), current)
                self._read_at = time.monotonic()
            return self._found


class LearntWatches:
    """The watches with what people added to them, read again every few seconds.

    Args:
        store: where that is.
        watches: as they were at the start.
        fresh_s: for how long they are not read again, in seconds.
    """

    def __init__(self, store: Store, watches: Sequence[Watch], fresh_s: float = _FRESH_S) -> None:
        self._store = store
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._read_at = time.monotonic()
        self._found = tuple(watches)

    def __call__(self) -> tuple[Watch, ...]:
        """The watches as they are now; the very same tuple as long as nothing has changed."""
        with self._lock:
            if self._found and time.monotonic() - self._read_at >= self._fresh_s:
                now = with_learnt(self._store, self._found)
                self._found = self._found if now == self._found else now
                self._read_at = time.monotonic()
            return self._found


def tunings_of(watches: Iterable[Watch], current: Mapping[str, SettingRow]) -> dict[str, Tuning]:
    """The decisions that hold beside the files of today, by watch."""
    found = {
        watch.name: current[watch.name].tuning(watch.threshold)
        for watch in watches
        if watch.name in current
    }
    return {name: tuning for name, tuning in found.items() if tuning is not None}


def with_learnt(store: Store, watches: Sequence[Watch]) -> tuple[Watch, ...]:
    """The watches with the seeds that people added to those of their files, and approved names.

    Args:
        store: where they are.
        watches: as their files make them, or as they were at an earlier time.
    """
    rows, renderings = store.learning.seeds(), store.names.approved()
    return tuple(
        replace(
            watch,
            seeds=(*(x for x in watch.seeds if not is_added(x)), *added_seeds(rows, watch.name)),
            renderings=renderings.get(watch.name, ()),
        )
        for watch in watches
    )


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a watch is, as far as verdicts tell; of one language or of all.

    Attributes:
        judged: verdicts on what was shown. blind: verdicts on the blind sample.
        precision: None without verdicts.
        near_recall: of what is shown or came near. recall: of all articles.
    """

    language: str | None
    shown: int
    judged: int
    blind: int
    precision: Rate | None
    near_recall: Rate | None
    recall: Rate | None


@dataclass(frozen=True, slots=True)
class Learning:
    """All that a page or command tells of a watch's threshold.

    Attributes:
        now: what holds. decided: the decision it comes from; None = the file or the matcher.
        is_overruled: a decision is stored, but the file was edited after it.
        quality: of all languages first.
        waiting: articles of the blind sample without a verdict.
    """

    watch: Watch
    now: Setting
    decided: SettingRow | None
    is_overruled: bool
    verdicts: int
    proposal: Proposal
    quality: tuple[Quality, ...]
    history: tuple[SettingRow, ...]
    waiting: int
    seen: int


class Tuner:
    """What can be learnt of watches, and changed.

    Args:
        store: verdicts and decisions.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def setting(self, watch: Watch) -> Setting:
        """What holds for a watch today."""
        row = self._store.learning.current().get(watch.name)
        tuning = row.tuning(watch.threshold) if row else None
        threshold = tuning.threshold if tuning else None
        if threshold is None:
            threshold = watch.threshold if watch.threshold is not None else DEFAULT_THRESHOLD
        return Setting(threshold, tuning.correction if tuning else None)

    def look(self, watch: Watch) -> Learning:
        """All that is known of a watch's threshold and what it is worth."""
        rows = self._store.learning.scored(watch.name, only_judged=True)
        told = sorted((row for row in rows if row.features), key=lambda row: row.order)
        judged = [_judged(row) for row in told]
        history = tuple(self._store.learning.history(watch.name))
        latest = history[0] if history else None
        tuning = latest.tuning(watch.threshold) if latest else None
        says_something = latest is not None and (latest.threshold, latest.correction) != (
            None,
            None,
        )
        now = self.setting(watch)
        return Learning(
            watch=watch,
            now=now,
            decided=latest if tuning else None,
            is_overruled=says_something and tuning is None,
            verdicts=len(judged),
            proposal=propose(judged, now, DEFAULT_THRESHOLD),
            quality=qualities(rows, self._store.samples.window(watch.name)),
            history=history,
            waiting=len(self._store.samples.waiting(watch.name)),
            seen=latest.id if latest else 0,
        )

    def likely_seeds(self, watch: Watch, added: Collection[int]) -> list[int]:
        """Matches that would widen what a watch with few seeds knows, for a person to choose from.

        They were judged relevant and score least. Of twenty verdicts on a watch with one seed, such
        ones as seeds raise F1 more than a fitted threshold (`bench/learning.py`).

        Args:
            watch: with the seeds of its folder.
            added: articles that were made seeds already.
        """
        if len(watch.seeds) + len(added) > MOST_TO_WIDEN:
            return []
        judged = self._store.learning.scored(watch.name, only_judged=True)
        relevant = [row for row in judged if row.verdict == Verdict.RELEVANT]
        lowest = sorted(relevant, key=lambda row: (row.score, row.match_id))
        rows = self._store.matches.some([row.match_id for row in lowest[: LIKELY + len(added)]])
        ids = [row.match_id for row in lowest if row.match_id in rows]
        return [one for one in ids if rows[one].article_id not in added][:LIKELY]

    def replay(self, watch: Watch, then: Setting) -> Replay:
        """What would come in and go out among the stored matches and near misses."""
        stored = [
            Scored(row.match_id, _judged(row), _opinion(row))
            for row in self._store.learning.scored(watch.name)
        ]
        return replay(stored, self.setting(watch), then)

    def apply(
        self, watch: Watch, then: Setting, reviewer: str | None, *, seen: int | None = None
    ) -> SettingRow | None:
        """Store a setting.

        Returns:
            The decision; None where somebody else decided since `seen`.
        """
        learning = self.look(watch)
        estimate = learning.proposal.estimate if learning.proposal.setting == then else None
        new = NewSetting(
            watch.name,
            then.threshold,
            then.correction,
            watch.threshold,
            learning.now.threshold,
            asdict(estimate) if estimate else None,
        )
        return self._store.learning.decide(new, reviewer, seen=seen)


def read_threshold(text: str) -> float:
    """A threshold as people write it: .62 or 0.62.

    Raises:
        InputError: it is no number, or one that nothing is known of.
    """
    try:
        value = round(float(text.strip().replace(",", ".")), 2)
    except ValueError:
        value = -1.0
    if not LEAST_THRESHOLD <= value <= GREATEST_THRESHOLD:
        problem = (
            f"use a number from {LEAST_THRESHOLD:.2f} to {GREATEST_THRESHOLD:.2f}; what scores "
            "less is not stored, so that nobody could say what would come in"
        )
        raise InputError(text[:60] or "threshold", problem)
    return value


def qualities(rows: Sequence[ScoredRow], window: SampleWindow) -> tuple[Quality, ...]:
    """How good a watch is: in all, then by language, those with most verdicts first.

    Args:
        rows: with a verdict, relevant or irrelevant.
        window: what the blind samples were drawn from.
    """
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.language] = counts.get(row.language, 0) + 1
    languages = sorted(counts, key=lambda code: (-counts[code], code))
    return (_quality(rows, window, None), *(_quality(rows, window, code) for code in languages))


def _quality(rows: Sequence[ScoredRow], window: SampleWindow, language: str | None) -> Quality:
    mine = [row for row in rows if language in (None, row.language)]
    shown = [row for row in mine if row.is_related and row.stratum is None]
    blind = [row for row in mine if row.stratum is not None]
    hits = sum(row.verdict == Verdict.RELEVANT for row in shown)
    total = _sum(window.shown, language)
    above = Stratum(total, min(len(shown), total), min(hits, total))
    strata = {
        name: _stratum(
            [row for row in blind if row.stratum == name],
            _sum(window.totals.get(name, {}), language),
        )
        for name in (NEAR, FAR)
    }
    is_enough = language is None or len(blind) >= ENOUGH_BLIND
    return Quality(
        language=language,
        shown=total,
        judged=len(shown),
        blind=len(blind),
        precision=wilson(hits, len(shown)),
        near_recall=recall(above, [strata[NEAR]]) if is_enough and blind else None,
        recall=recall(above, list(strata.values())) if is_enough and blind else None,
    )


def _stratum(rows: Sequence[ScoredRow], total: int) -> Stratum:
    return Stratum(total, len(rows), sum(row.verdict == Verdict.RELEVANT for row in rows))


def _sum(counts: Mapping[str, int], language: str | None) -> int:
    return sum(counts.values()) if language is None else counts.get(language, 0)


def _judged(row: ScoredRow) -> Judged:
    return Judged(
        row.features.get(GENERAL_SCORE, row.score),
        row.verdict == Verdict.RELEVANT,
        row.features,
        row.is_suggestion or MISSING_ASPECTS in row.features,
    )


def _opinion(row: ScoredRow) -> bool | None:
    if row.verdict not in (Verdict.RELEVANT, Verdict.IRRELEVANT):
        return None
    return row.verdict == Verdict.RELEVANT
