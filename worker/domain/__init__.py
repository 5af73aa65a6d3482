"""The frozen types that cross rooms, and the Protocols of the real seams.

One dataclass a hop: bytes (`Fetched`) -> `ParsedFeed` of `Entry` -> `ExtractedArticle` ->
`DetectedLanguage` -> `ArticleText` -> `Match`. Times are aware UTC and end in `_at`; durations
carry their unit in the name.
"""

from worker.domain.addresses import feed_url
from worker.domain.facts import Measure
from worker.domain.fetching import (
    Fetched,
    Fetcher,
    Limiter,
    NotModified,
    Redirect,
    Validators,
)
from worker.domain.languages import declared_language
from worker.domain.learning import Correction, Judged, Tuning
from worker.domain.lineage import (
    Clue,
    Confidence,
    Descent,
    Evidence,
    Likeness,
    Lineage,
    Told,
    Way,
)
from worker.domain.matching import (
    AlignedPassage,
    ArticleText,
    Encoder,
    Match,
    Matcher,
    Place,
    SeedRows,
    Sketch,
    Sketcher,
    Vectors,
)
from worker.domain.naming import Confirmed, Rendering
from worker.domain.reading import (
    BY_ID,
    NO_LANGUAGE,
    UNDETERMINED,
    DetectedLanguage,
    Entry,
    ExtractedArticle,
    Identity,
    LanguageDetector,
    ParsedFeed,
    ToldBy,
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
    "BY_ID",
    "NO_LANGUAGE",
    "UNDETERMINED",
    "AlignedPassage",
    "ArticleText",
    "Aspect",
    "ChannelConfig",
    "Clue",
    "Confidence",
    "Confirmed",
    "Correction",
    "Descent",
    "DetectedLanguage",
    "DigestTime",
    "Encoder",
    "Entry",
    "Evidence",
    "ExtractedArticle",
    "Failure",
    "FeedConfig",
    "FetchPolicy",
    "Fetched",
    "Fetcher",
    "Identity",
    "Judged",
    "Kind",
    "LanguageDetector",
    "Likeness",
    "Limiter",
    "Lineage",
    "Match",
    "Matcher",
    "Measure",
    "NotModified",
    "Outcome",
    "ParsedFeed",
    "Place",
    "QueryConfig",
    "QuietHours",
    "Redirect",
    "Relation",
    "Rendering",
    "Scope",
    "Seed",
    "SeedRows",
    "Sketch",
    "Sketcher",
    "TellingRules",
    "TextSource",
    "Told",
    "ToldBy",
    "Tuning",
    "Validators",
    "Vectors",
    "Verdict",
    "Watch",
    "Way",
    "declared_language",
    "feed_url",
]
