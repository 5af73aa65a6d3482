"""The frozen types that pass between the pipeline, the store and the doors.

A `...Job` is a claimed row: it carries the token that fences its finish. A `...Result` is what
came of it. A `...Row` is what the doors read.
"""

from worker.records.articles import (
    ArticleJob,
    ArticleResult,
    ArticleRow,
    PageTwin,
    StoredArticle,
)
from worker.records.counts import (
    DayCount,
    MostOf,
    Sums,
    ValueCount,
)
from worker.records.feeds import (
    FeedRow,
    PollEvent,
    SeenEntry,
)
from worker.records.matches import (
    Decided,
    Decision,
    MatchFilter,
    MatchRow,
    ReviewRow,
    SavedFilter,
    TokenRow,
)
from worker.records.polls import (
    FeedJob,
    HubLink,
    KnownEntries,
    Moved,
    NewEntry,
    PollResult,
    Subscription,
)
from worker.records.stories import (
    KeptSeed,
    Placed,
    StoryDecisionRow,
    StoryEntry,
    StoryGroup,
    StoryLine,
    StoryLink,
    StoryMember,
    StoryRule,
    StoryText,
)
from worker.records.telling import (
    AfterFailure,
    Attempt,
    AttemptRow,
    ChannelRow,
    Delivery,
    MessageRow,
    Notice,
    TellingPlan,
    ToldLately,
)

__all__ = [
    "AfterFailure",
    "ArticleJob",
    "ArticleResult",
    "ArticleRow",
    "Attempt",
    "AttemptRow",
    "ChannelRow",
    "DayCount",
    "Decided",
    "Decision",
    "Delivery",
    "FeedJob",
    "FeedRow",
    "HubLink",
    "KeptSeed",
    "KnownEntries",
    "MatchFilter",
    "MatchRow",
    "MessageRow",
    "MostOf",
    "Moved",
    "NewEntry",
    "Notice",
    "PageTwin",
    "Placed",
    "PollEvent",
    "PollResult",
    "ReviewRow",
    "SavedFilter",
    "SeenEntry",
    "StoredArticle",
    "StoryDecisionRow",
    "StoryEntry",
    "StoryGroup",
    "StoryLine",
    "StoryLink",
    "StoryMember",
    "StoryRule",
    "StoryText",
    "Subscription",
    "Sums",
    "TellingPlan",
    "TokenRow",
    "ToldLately",
    "ValueCount",
]
