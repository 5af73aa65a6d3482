"""The frozen types that cross rooms, and the Protocols of the real seams.

One dataclass a hop: bytes (`Fetched`) -> `ParsedFeed` of `Entry` -> `ExtractedArticle` ->
`DetectedLanguage` -> `ArticleText` -> `Match`. Times are aware UTC and end in `_at`; durations
carry their unit in the name.
"""

from worker.domain.fetching import (
    Fetched,
    Fetcher,
    Limiter,
    NotModified,
    Redirect,
    Validators,
)
from worker.domain.matching import (
    AlignedPassage,
    ArticleText,
    Encoder,
    Match,
    Matcher,
    Place,
    Sketch,
    Sketcher,
    Vectors,
)
from worker.domain.reading import (
    NO_LANGUAGE,
    UNDETERMINED,
    DetectedLanguage,
    Entry,
    ExtractedArticle,
    LanguageDetector,
    ParsedFeed,
)
from worker.domain.watching import (
    Aspect,
    ChannelConfig,
    DigestTime,
    FeedConfig,
    FetchPolicy,
    QueryConfig,
    QuietHours,
    Seed,
    TellingRules,
    Watch,
)
from worker.domain.words import (
    Failure,
    Kind,
    Outcome,
    Relation,
    Scope,
    TextSource,
    Verdict,
)

__all__ = [
    "NO_LANGUAGE",
    "UNDETERMINED",
    "AlignedPassage",
    "ArticleText",
    "Aspect",
    "ChannelConfig",
    "DetectedLanguage",
    "DigestTime",
    "Encoder",
    "Entry",
    "ExtractedArticle",
    "Failure",
    "FeedConfig",
    "FetchPolicy",
    "Fetched",
    "Fetcher",
    "Kind",
    "LanguageDetector",
    "Limiter",
    "Match",
    "Matcher",
    "NotModified",
    "Outcome",
    "ParsedFeed",
    "Place",
    "QueryConfig",
    "QuietHours",
    "Redirect",
    "Relation",
    "Scope",
    "Seed",
    "Sketch",
    "Sketcher",
    "TellingRules",
    "TextSource",
    "Validators",
    "Vectors",
    "Verdict",
    "Watch",
]
