"""From a page to what is stored of an article, one step a function. No SQL and no HTTP here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from worker.domain import (
    UNDETERMINED,
    ArticleText,
    DetectedLanguage,
    ExtractedArticle,
    Failure,
    Fetched,
    Match,
    Outcome,
    TextSource,
)
from worker.errors import FetchError, ParseError
from worker.extract.boilerplate import boilerplate_twins
from worker.extract.unlike import is_told, is_unlike
from worker.extract.urls import clean_url, is_plausible_canonical, url_key
from worker.records import ArticleJob, ArticleResult, PageTwin
from worker.services import Services
from worker.store.claims import MAX_TRIES
from worker.store.feeds import hash_of
from worker.story.variants import fingerprint_of

HOPELESS_SCORE = 0.02
"""Below this title and summary are as good as unrelated: docs/design.md has the recall."""
MIN_SUMMARY = 60
"""Characters. By the title alone, 4 of 160 related articles would be skipped."""
THIN_PAGE = 200
"""Characters. A page with less text than this and less than the feed gave has lost its article."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An article that is ready to be matched.

    Attributes:
        page_hash: of the text found on the page.
        twins: the pages that show that this text is no article, where it is none.
    """

    job: ArticleJob
    article: ArticleText
    language: DetectedLanguage
    text_source: TextSource
    extracted: ExtractedArticle | None = None
    page: Fetched | None = None
    failure: Failure | None = None
    fetch_outcome: Outcome | None = None
    retry_after_s: float = 0.0
    detail: str = ""
    page_hash: str | None = None
    twins: tuple[PageTwin, ...] = ()


def draft_of(
    job: ArticleJob, page: Fetched | FetchError | None, services: Services
) -> Draft | ArticleResult:
    """Extract an article and detect its language.

    Args:
        job: the claimed article.
        page: its page, why there is none, or None if it has no address.
        services: for the clock and the detector.

    Returns:
        A draft; or a finished result, if neither page nor feed has any text.
    """
    reading = _read(job, page, services)
    extracted, detail = reading.extracted, reading.detail
    if extracted is not None and len(extracted.text) < min(THIN_PAGE, len(job.entry_text)):
        detail = f"page has only {len(extracted.text)} characters; the feed's text is kept"
        extracted = None
    page_hash = hash_of(" ".join(extracted.text.split())) if extracted else None
    if extracted is not None and _is_unlike(job, extracted, services):
        detail = "the page's text has nothing of the feed's title and summary; the feed's is kept"
        reading, extracted = replace(reading, outcome=Outcome.UNLIKE), None
    title = job.entry_title or (extracted.title if extracted else "")
    text = extracted.text if extracted else job.entry_text
    if not title.strip() and not text.strip():
        return ArticleResult(job, Outcome.NO_TEXT, fetch_outcome=reading.outcome, detail=detail)
    declared = (extracted.language if extracted else None, job.feed_language)
    language = services.detector.detect(f"{title}\n\n{text}", declared=declared)
    published_at = job.published_at or (extracted.published_at if extracted else None)
    return Draft(
        job=job,
        article=ArticleText(title, text, language.code, published_at, job.url),
        language=language,
        text_source=TextSource.PAGE if extracted else TextSource.FEED,
        extracted=extracted,
        page=page if isinstance(page, Fetched) else None,
        failure=reading.failure,
        fetch_outcome=reading.outcome,
        retry_after_s=reading.retry_after_s,
        detail=detail,
        page_hash=page_hash,
    )


def is_hopeless(matches: Sequence[Match]) -> bool:
    """Whether what a feed says of an article leaves no chance that it belongs to a watch.

    Args:
        matches: of title and summary, one a watch.
    """
    return all(match.score < HOPELESS_SCORE and not match.relation.is_related for match in matches)


def skipped(draft: Draft, matches: Sequence[Match], services: Services) -> ArticleResult:
    """The result where the page is not worth fetching: what the feed says is kept."""
    told = result_of(draft, matches, services)
    return replace(told, outcome=Outcome.SKIPPED, detail="title and summary fit no watch")


def without_boilerplate(drafts: Sequence[Draft], services: Services) -> list[Draft | ArticleResult]:
    """Put the feed's text where a page's is that of many other addresses of its host."""
    pages = services.store.pages.twins({d.page_hash for d in drafts if d.page_hash})
    for draft in drafts:
        if draft.page_hash and draft.job.url:
            twin = PageTwin(draft.job.id, draft.job.url, draft.job.entry_title)
            pages[draft.page_hash].append(twin)
    return [_without_boilerplate(d, pages.get(d.page_hash or "", []), services) for d in drafts]


def _without_boilerplate(
    draft: Draft, pages: Sequence[PageTwin], services: Services
) -> Draft | ArticleResult:
    twins = boilerplate_twins(draft.job.url or "", pages)
    # without a text of the feed, better this; and an article that is published again is none
    if not twins or not draft.job.entry_text.strip() or _is_told(draft):
        return draft
    detail = f"the page's text is that of {len(twins)} addresses of its host; the feed's is kept"
    wall = FetchError(draft.job.url or "", Outcome.NO_TEXT, Failure.SOFT, detail)
    told = draft_of(draft.job, wall, services)
    if isinstance(told, ArticleResult):
        return told
    return replace(told, page_hash=draft.page_hash, twins=twins)


def result_of(draft: Draft, matches: Sequence[Match], services: Services) -> ArticleResult:
    """Put a draft and its matches together.

    A page that failed for now is due again later, though what the feed gave is stored already.
    """
    job, extracted, page = draft.job, draft.extracted, draft.page
    is_matched = any(match.relation.is_related for match in matches)
    canonical = _canonical(draft)
    retry_at = None
    if draft.failure is Failure.TEMPORARY and job.tries < MAX_TRIES - 1:
        wait = backoff(job.tries, services.jitter())
        retry_at = services.clock() + max(wait, timedelta(seconds=draft.retry_after_s))
    return ArticleResult(
        job=job,
        outcome=Outcome.MATCHED if is_matched else Outcome.UNRELATED,
        title=draft.article.title,
        text=draft.article.text,
        text_source=draft.text_source,
        language=draft.language,
        published_at=draft.article.published_at,
        author=job.entry_author or (extracted.author if extracted else None),
        site=extracted.site if extracted else None,
        final_url=page.final_url if page else None,
        canonical_url=canonical,
        canonical_key_hash=hash_of(url_key(canonical)) if canonical else None,
        content_hash=_content_hash(draft.article),
        method=extracted.method if extracted else "feed",
        matches=tuple(matches),
        sketch=services.sketcher.sketch(draft.article, matches),
        matcher_version=services.matcher.version,
        fetch_outcome=draft.fetch_outcome,
        detail=draft.detail,
        elapsed_s=page.elapsed_s if page else 0.0,
        size_bytes=len(page.body) if page else 0,
        retry_at=retry_at,
        page_hash=draft.page_hash,
        place=_place(job),
        fingerprint=_fingerprint(draft),
        is_boilerplate=bool(draft.twins),
    )


def failed(job: ArticleJob, error: Exception, services: Services) -> ArticleResult:
    """The result where something broke that should not have: tried again, then quarantined."""
    is_last = job.tries >= MAX_TRIES
    return ArticleResult(
        job,
        Outcome.QUARANTINED if is_last else Outcome.FAILED,
        detail=f"{type(error).__name__}: {error}"[:500],
        is_quarantined=is_last,
        retry_at=None if is_last else services.clock() + backoff(job.tries, services.jitter()),
    )


def backoff(tries: int, jitter: float) -> timedelta:
    """How long to wait after so many tries: 1, 4, 16 minutes, each up to half as much longer.

    Args:
        tries: claims so far, from 1.
        jitter: from 0 to 1.
    """
    return timedelta(minutes=4 ** (tries - 1)) * (1 + jitter / 2)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a page gave, or why it gave nothing."""

    extracted: ExtractedArticle | None = None
    failure: Failure | None = None
    outcome: Outcome | None = None
    retry_after_s: float = 0.0
    detail: str = ""


def _read(job: ArticleJob, page: Fetched | FetchError | None, services: Services) -> _Reading:
    if page is None:
        return _Reading()
    if isinstance(page, FetchError):
        return _Reading(
            failure=page.failure,
            outcome=page.outcome,
            retry_after_s=page.retry_after_s or 0.0,
            detail=str(page),
        )
    try:
        extracted: ExtractedArticle = services.isolation.call(
            "worker.extract.page:extract_article",
            page.body,
            url=page.final_url,
            content_type=page.headers.get("content-type", ""),
            now=services.clock(),
            is_dated=job.published_at is not None,
        )
    except ParseError as error:
        is_busy = error.outcome is Outcome.POSTPONED  # the parsers are; the page is tried again
        failure = Failure.TEMPORARY if is_busy else Failure.SOFT
        return _Reading(failure=failure, outcome=error.outcome, detail=error.detail)
    return _Reading(extracted, outcome=Outcome.OK)


def _place(job: ArticleJob) -> str:
    host = urlsplit(job.url or "").netloc.casefold().removeprefix("www.")
    return hash_of(f"{host}\n{(job.outlet or '').casefold()}")


def _fingerprint(draft: Draft) -> int | None:
    """That of a page's text, if it is what the feed tells of: a wall's would melt articles."""
    if draft.extracted is None or draft.job.url is None or not _is_told(draft):
        return None
    return fingerprint_of(draft.extracted.text)


def _is_told(draft: Draft) -> bool:
    """Whether a page's text is surely the article that its feed tells of."""
    job, extracted = draft.job, draft.extracted
    if extracted is None:
        return False
    return is_told(job.entry_title, job.entry_text, extracted.text)


def _is_unlike(job: ArticleJob, extracted: ExtractedArticle, services: Services) -> bool:
    """Whether a page's text is another than the one that the feed tells of in its language."""
    if not job.entry_text.strip() or not is_unlike(job.entry_title, job.entry_text, extracted.text):
        return False
    told, found = (
        services.detector.detect(text, declared=(language,)).code
        for text, language in (
            (f"{job.entry_title}\n\n{job.entry_text}", job.feed_language),
            (extracted.text, extracted.language),
        )
    )
    return told == found != UNDETERMINED


def _canonical(draft: Draft) -> str | None:
    """The address that the page gives itself, or that redirects led to, if it can be believed."""
    extracted, page = draft.extracted, draft.page
    if page is None or extracted is None:
        return None
    declared = extracted.canonical_url
    if declared and is_plausible_canonical(page.final_url, declared):
        return clean_url(declared)
    return clean_url(page.final_url)


def _content_hash(article: ArticleText) -> str:
    # white space is folded so that a page's re-indentation is no new version
    folded = " ".join(f"{article.title}\n{article.text}".split())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()
