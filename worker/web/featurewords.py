"""The matcher's features in words, for who looks behind the score."""

from __future__ import annotations

from worker.locales import N_, Phrases

FEATURES = Phrases(
    {
        "aligned": N_("likeness of the passages to the seed's"),
        "both_latin": N_("article and seed in Latin letters"),
        "core": N_("likeness of the whole text to what the seeds are about"),
        "country_fit": N_("the seeds' countries in focus"),
        "country_gap": N_("the nearer of the seeds' countries missing"),
        "country_other": N_("another country in focus"),
        "country_same": N_("same countries as the seed"),
        "country_worst": N_("the farther of the seeds' countries missing"),
        "covered": N_("share of the text with a counterpart in the seed"),
        "dates": N_("days shared with the seeds"),
        "general_score": N_("score of the general model"),
        "in_order": N_("likeness of the passages, in the seed's order"),
        "lead_core": N_("likeness of title and lead to what the seeds are about"),
        "lead_subject": N_("subject of title and lead, names aside"),
        "missing_aspects": N_("aspects of the watch that are missing"),
        "name_balance": N_("names shared with the seed against names of its own"),
        "name_best": N_("weight of the most telling shared name"),
        "name_cover": N_("share of passages that name what the seeds name"),
        "name_head": N_("weight of the shared names in title and lead"),
        "name_head_best": N_("weight of the most telling shared name in title and lead"),
        "name_share": N_("share of the article's names that the seeds have"),
        "names": N_("weight of all shared names"),
        "near_date": N_("nearness of the publication days"),
        "number_hits": N_("figures shared with the seed"),
        "number_misses": N_("share of figures that the seed does not have"),
        "number_share": N_("share of the article's figures that the seeds have"),
        "numbers": N_("figures shared with the seeds"),
        "order": N_("passages in the seed's order"),
        "order_z": N_("order of the passages against chance"),
        "other_days": N_("other days named than the seeds'"),
        "same_contrast": N_("how far the nearest passage is ahead of the next one"),
        "same_low": N_("likeness to the seed, the less alike quarter"),
        "same_near": N_("likeness to the seed, plain"),
        "same_span": N_("share of the seed told, from the first passage found to the last"),
        "same_steps": N_("passages that follow each other as in the seed"),
        "seed_covered": N_("share of the seed with a counterpart in the text"),
        "strange_names": N_("share of names that the seed does not have"),
        "subject": N_("subject of the whole text, names aside"),
        "subject_gap": N_("how far the subject is off"),
        "title_core": N_("likeness of the title to what the seeds are about"),
        "top10": N_("likeness of the ten nearest pairs of passages"),
        "top3": N_("likeness of the three nearest passages"),
        "width": N_("length of the text"),
    }
)


def feature_name(name: str) -> str:
    """A feature's name as words; that of a later matcher as it is."""
    return FEATURES[name] if name in FEATURES else name.replace("_", " ").replace(".", " ").strip()
