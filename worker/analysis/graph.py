"""A lineage as a graph that programs read: JSON, GraphML; and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from worker.analysis.stories import ReadStory, Telling
from worker.analysis.wording import CONFIDENCES, WAYS, said
from worker.domain import Descent
from worker.locales import _

NOTE = (
    "Every link is a hypothesis drawn from the texts, what they name as their source, and when "
    "they were published or first seen; `decided` says whether the direction could be told."
)
_SPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = ("title", "language", "outlet", "url", "published_at", "first_seen_at", "match_id", "seed")
_EDGE = ("way", "decided", "confidence", "evidence")


@dataclass(frozen=True, slots=True)
class Link:
    """A hypothesis with the two texts that it is about.

    Attributes:
        way, confidence, evidence: in words.
    """

    text: Telling
    source: Telling
    descent: Descent
    way: str
    confidence: str
    evidence: tuple[str, ...]


def links_of(story: ReadStory) -> list[Link]:
    """The hypotheses on a story, in the order in which their texts were told."""
    texts = story.by_key
    return [
        Link(
            texts[one.text],
            texts[one.source],
            one,
            WAYS[one.way],
            CONFIDENCES[one.confidence],
            tuple(said(each) for each in one.evidence),
        )
        for one in story.lineage.descents
    ]


def name_of(telling: Telling) -> str:
    """By what exports name a text: a match by its id, a seed by its file."""
    if telling.article is not None:
        return f"m{telling.article.match_id}"
    return f"seed:{telling.seed.id}" if telling.seed is not None else telling.key


def outlet_of(telling: Telling) -> str:
    """Who published a text, as far as it is known."""
    return telling.told.outlet or (_("a seed") if telling.seed is not None else "")


def as_record(story: ReadStory) -> dict[str, Any]:
    """The graph as one JSON document; `docs/columns.md` explains the fields."""
    return {
        **story.head,
        "note": NOTE,
        "nodes": [{"id": name_of(one), **_node(one)} for one in story.tellings],
        "edges": [
            {
                "source": name_of(link.source),
                "target": name_of(link.text),
                "way": str(link.descent.way),
                "decided": link.descent.is_decided,
                "confidence": str(link.descent.confidence),
                "evidence": [
                    {"clue": str(each.clue), "value": each.value, "said": words}
                    for each, words in zip(link.descent.evidence, link.evidence, strict=True)
                ],
            }
            for link in links_of(story)
        ],
    }


def as_graphml(story: ReadStory) -> str:
    """The graph as GraphML.

    Also an edge whose direction is open is a directed one, with `decided` false: networkx reads no
    file that has edges of both kinds.
    """
    ET.register_namespace("", _SPACE)
    root = ET.Element(f"{{{_SPACE}}}graphml")
    for name in _NODE:
        kind = "long" if name == "match_id" else "string"
        _key(root, name, "node", kind)
    for name in _EDGE:
        _key(root, name, "edge", "boolean" if name == "decided" else "string")
    graph = ET.SubElement(root, f"{{{_SPACE}}}graph", id=f"story-{story.story_id}",
                          edgedefault="directed")  # fmt: skip
    ET.SubElement(graph, f"{{{_SPACE}}}desc").text = NOTE
    for one in story.tellings:
        node = ET.SubElement(graph, f"{{{_SPACE}}}node", id=name_of(one))
        for name, value in _node(one).items():
            if value not in (None, ""):
                _data(node, f"node_{name}", str(value))
    for link in links_of(story):
        way = ET.SubElement(
            graph,
            f"{{{_SPACE}}}edge",
            source=name_of(link.source),
            target=name_of(link.text),
        )
        _data(way, "edge_way", str(link.descent.way))
        _data(way, "edge_decided", "true" if link.descent.is_decided else "false")
        _data(way, "edge_confidence", str(link.descent.confidence))
        _data(way, "edge_evidence", "; ".join(link.evidence))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def as_table(story: ReadStory) -> list[str]:
    """The graph as lines of text for a terminal."""
    lines = []
    links = {link.text.key: link for link in links_of(story)}
    for one in story.tellings:
        when = one.told.published_at or one.told.seen_at
        moment = f"{when:%Y-%m-%d %H:%M}" if when else "time unknown    "
        said_by = f"{one.told.language:<3} {outlet_of(one)}: {one.told.title}"
        lines.append(f"{name_of(one):>8}  {moment}  {said_by}")
        link = links.get(one.key)
        if link is not None:
            arrow = "<-" if link.descent.is_decided else "--"
            lines.append(
                f"{'':10}{arrow} {name_of(link.source)}: {link.confidence} "
                f"{link.way.lower()}; {'; '.join(link.evidence)}"
            )
    if story.number > len(story.articles):
        lines.append(f"The first {len(story.articles)} of {story.number} articles.")
    lines.append("Every link is a hypothesis; -- means that the direction is undecided.")
    return lines


def _node(one: Telling) -> dict[str, Any]:
    told = one.told
    return {
        "title": told.title,
        "language": told.language,
        "outlet": told.outlet,
        "url": told.url,
        "published_at": told.published_at.isoformat() if told.published_at else None,
        "first_seen_at": told.seen_at.isoformat() if told.seen_at else None,
        "match_id": one.article.match_id if one.article is not None else None,
        "seed": one.seed.id if one.seed is not None else None,
    }


def _key(root: ET.Element, name: str, domain: str, kind: str) -> None:
    ET.SubElement(
        root,
        f"{{{_SPACE}}}key",
        {"id": f"{domain}_{name}", "for": domain, "attr.name": name, "attr.type": kind},
    )


def _data(parent: ET.Element, key: str, text: str) -> None:
    clean = "".join(c for c in text if c.isprintable() or c == "\n")
    ET.SubElement(parent, f"{{{_SPACE}}}data", key=key).text = clean
