"""What matching alone needs, built from the settings: encoder, language detector, seeds.

It stands apart from `worker.wiring` so that who only matches does not wait for the imports of
fetching, feeds, channels and pages.
"""

from __future__ import annotations

from worker.clock import utc_now
from worker.config import Settings
from worker.domain import Encoder, ExtractedArticle, LanguageDetector
from worker.language.detect import make_detector
from worker.match.encoders import make_encoder
from worker.match.watches import WatchLoader


def build_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name.

    Raises:
        ConfigError: no encoder has that name.
    """
    return make_encoder(settings.encoder, settings.data_dir)


def build_detector(settings: Settings) -> LanguageDetector:
    """The language detector that the settings name."""
    return make_detector(settings.language_detector)


def build_loader(settings: Settings) -> WatchLoader:
    """What reads watches and seeds."""

    def extract(body: bytes) -> ExtractedArticle:
        from worker.extract.page import extract_article  # costly: for seeds that are pages only

        return extract_article(body, now=utc_now())

    return WatchLoader(build_detector(settings), extract)
