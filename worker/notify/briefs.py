"""A briefing in words: one page a story, every line with the passages that it rests on.

It speaks the language that is spoken (`worker.locales.speaking`). What it says is made once, as
blocks; text, Markdown, HTML and the page only write them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup, escape

from worker.locales import N_, Phrases, _, ngettext, pgettext, spoken
from worker.notify.documents import as_markdown
from worker.notify.factwords import drift_of, heading_of_fact, teller_of, tellers_of, told_as
from worker.notify.links import passage_address
from worker.records import (
    Brief,
    FactKind,
    FollowedQuote,
    Saying,
    SeedShare,
    SharedFact,
    StoryBrief,
    Teller,
    ToldFact,
)
from worker.words import direction, lang_attribute, language_name, minute, percent

MOST_STATEMENTS = 8
MOST_OTHERS = 8
MOST_REPEATED = 3
MOST_SILENT = 5
MOST_SHARES = 15
MOST_LINKS = 6
MOST_CONFLICTS = 12
MOST_QUOTES = 5
_STATEMENTS = (FactKind.PASSAGE, FactKind.QUOTATION)
_HEADINGS = Phrases(
    {
        FactKind.NAME: N_("Names"),
        FactKind.FIGURE: N_("Figures"),
        FactKind.DATE: N_("Days"),
    }
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line's passage stands; `href` begins with a slash."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a briefing.

    Attributes:
        level: 1 a story's title, 2 a heading, 3 a paragraph, 4 a line of a list.
        text: in the reader's language, or what is quoted. language: of what is quoted; "" if the
            text is ours.
        about: what is said of it, ours.
    """

    level: int
    text: str
    language: str = ""
    about: str = ""
    links: tuple[Link, ...] = ()


def blocks(brief: Brief) -> Iterator[Block]:
    """What a briefing says, piece by piece."""
    for story in brief.stories:
        yield from _story(story)
    if not brief.stories:
        yield Block(3, _("Nothing was found in this time."))
    if brief.is_cut:
        yield Block(3, _("There are more stories than fit here: choose a watch or a shorter time."))


def heading(brief: Brief) -> str:
    """The title of a briefing."""
    if brief.watch:
        return _("Briefing: %(watch)s", watch=brief.watch)
    return _("Briefing")


def period(brief: Brief) -> str:
    """Of which time it is, and when it was made."""
    made = _("Made %(time)s.", time=minute(brief.made_at))
    if brief.since is None:
        return made
    since = _("Stories in which something was found since %(time)s.", time=minute(brief.since))
    return f"{since} {made}"


def write_text(brief: Brief, base: str) -> str:
    """The briefing as plain text.

    Args:
        brief: what it says.
        base: address of the pages, without a slash at its end; empty if there are none.
    """
    lines = [heading(brief), period(brief)]
    for block in blocks(brief):
        text = " ".join(block.text.split())
        if block.level <= 2:
            lines += [
                "",
                text.upper() if block.level == 1 else f"{text}{pgettext('between', ': ')}",
            ]
        else:
            lines.append(f"  - {text}" if block.level == 4 else text)
        if block.about:
            lines.append(f"    {block.about}" if block.level == 4 else block.about)
        if block.links:
            pages = dict.fromkeys(link.href.partition("#")[0] for link in block.links[:2])
            lines.append("    " + " ".join(f"{base}{page}" for page in pages))
    return "\n".join(lines) + "\n"


def write_markdown(brief: Brief, base: str) -> str:
    """The briefing as Markdown; arguments as for `write_text`."""
    lines = [f"# {as_markdown(heading(brief))}", "", as_markdown(period(brief))]
    for block in blocks(brief):
        text, about = as_markdown(block.text), as_markdown(block.about)
        links = ", ".join(f"[{as_markdown(one.label)}](<{base}{one.href}>)" for one in block.links)
        tail = " — ".join(part for part in (about, links) if part)
        if block.level == 4:
            lines.append(f"- {text}" + (f"  \n  {tail}" if tail else ""))
        else:
            lines += ["", f"{'#' * (block.level + 1)} {text}" if block.level <= 2 else text, ""]
            lines += [tail, ""] if tail else []
    return "\n".join(lines) + "\n"


def write_html(brief: Brief, base: str) -> str:
    """The briefing as one HTML file that loads nothing; arguments as for `write_text`."""
    out = [
        Markup(_HTML).format(lang=spoken(), title=heading(brief), period=period(brief))  # noqa: S704
    ]
    is_list = False
    for block in blocks(brief):
        if is_list != (block.level == 4):
            is_list = not is_list
            out.append(Markup("<ul>") if is_list else Markup("</ul>"))
        tag = {1: "h2", 2: "h3", 3: "p", 4: "li"}[block.level]
        out.append(Markup("<{0}>{1}{2}</{0}>").format(tag, _foreign(block), _tail(block, base)))
    out.append(Markup("</ul></main>") if is_list else Markup("</main>"))
    return "\n".join(out) + "\n"


def as_record(brief: Brief) -> dict[str, Any]:
    """The briefing with all that it knows, for programs; times are ISO 8601."""
    record: dict[str, Any] = _plain(asdict(brief))
    return record


_HTML = """<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem }}
small {{ display: block; opacity: 0.8 }}
h2 {{ margin-top: 2.5rem }}
li + li {{ margin-top: 0.4rem }}
</style>
<header><h1>{title}</h1><p>{period}</p></header>
<main>"""


def _foreign(block: Block) -> Markup:
    if not block.language:
        return escape(block.text)
    tongue = lang_attribute(block.language)
    lang = Markup(' lang="{}"').format(tongue) if tongue else ""
    return Markup('<span{} dir="{}">{}</span>').format(lang, direction(block.language), block.text)


def _tail(block: Block, base: str) -> Markup:
    links = [Markup('<a href="{}{}">{}</a>').format(base, x.href, x.label) for x in block.links]
    parts = [
        *([escape(block.about)] if block.about else []),
        *([Markup(", ").join(links)] if links else []),
    ]
    return Markup(" <small>{}</small>").format(Markup(" · ").join(parts)) if parts else Markup("")


def _story(story: StoryBrief) -> Iterator[Block]:
    yield Block(
        1,
        story.title or _("(no title)"),
        story.language if story.title else "",
        links=(Link(_("the story"), f"/stories/{story.story_id}"),),
    )
    yield Block(3, _size(story))
    if story.conflicts:
        yield Block(2, _("Where the articles contradict each other"))
        yield from (_conflict_line(one) for one in story.conflicts[:MOST_CONFLICTS])
    if story.quotes:
        yield Block(2, _("Quotations, and what becomes of them"))
        yield from (_quote_line(one) for one in story.quotes[:MOST_QUOTES])
    statements = [one for one in story.facts if one.kind in _STATEMENTS]
    if statements:
        yield Block(2, _("What the coverage says and the seeds do not"))
        yield from (_line(one) for one in statements[:MOST_STATEMENTS])
        left = len(statements) - MOST_STATEMENTS
        if left > 0:
            more = ngettext("and %(num)s further passage", "and %(num)s further passages", left)
            yield Block(3, more, links=(Link(_("the story"), f"/stories/{story.story_id}"),))
    for kind in (FactKind.NAME, FactKind.FIGURE, FactKind.DATE):
        found = [one for one in story.facts if one.kind is kind]
        if found:
            yield Block(2, _HEADINGS[kind])
            yield from (_line(one) for one in found[:MOST_OTHERS])
    if story.repeated:
        yield Block(2, _("Most repeated of the seeds"))
        yield from (_line(one) for one in story.repeated[:MOST_REPEATED])
    if story.silent:
        yield Block(2, _("What of the seeds nobody repeats"))
        yield from (_silent_line(one) for one in story.silent[:MOST_SILENT])
    shares = [one for one in story.shares if one.share is not None]
    if shares:
        yield Block(2, _("How much of each article goes back to a seed"))
        ranked = sorted(shares, key=lambda one: -(one.share or 0.0))
        yield from (_share_line(one) for one in ranked[:MOST_SHARES])


def _size(story: StoryBrief) -> str:
    parts = [
        ngettext("%(num)s article", "%(num)s articles", story.articles),
        ngettext("%(num)s text of its own", "%(num)s texts of their own", story.independent),
        ", ".join(language_name(code) for code in story.languages),
    ]
    if story.looked_at < story.articles:
        parts.append(
            ngettext("the first %(num)s is looked at", "the first %(num)s are looked at",
                     story.looked_at)
        )  # fmt: skip
    return "; ".join(parts) + "."


def _line(fact: ToldFact) -> Block:
    first = fact.tellers[0]
    said = ngettext("%(num)s independent report", "%(num)s independent reports", fact.independent)
    who = _(
        "first %(outlet)s (%(language)s), %(time)s",
        outlet=first.outlet or _("Unknown outlet"),
        language=language_name(first.language),
        time=minute(first.told_at),
    )
    links = tuple(_link(one) for one in fact.tellers[:MOST_LINKS])
    return Block(4, fact.text, fact.language, f"{said}, {who}", links)


def _silent_line(fact: ToldFact) -> Block:
    beside = fact.beside
    links = (Link(_("a seed"), passage_address(beside, fact.text)),) if beside is not None else ()
    return Block(4, fact.text, fact.language, links=links)


def _conflict_line(fact: SharedFact) -> Block:
    between = pgettext("between", ": ")
    values = pgettext("between", " or ").join(told_as(fact, one) for one in fact.versions)
    sides = [f"{one.sayings[0].written}{between}{tellers_of(one)}" for one in fact.versions]
    # of each side the first article; what only a seed says has no page that shows it
    firsts = [[x for x in one.sayings if x.match_id is not None][:1] for one in fact.versions]
    links = tuple(_saying_link(one) for found in firsts for one in found)
    return Block(
        4, f"{heading_of_fact(fact)}{between}{values}", about="; ".join(sides), links=links
    )


def _quote_line(quote: FollowedQuote) -> Block:
    first, between = quote.versions[0], pgettext("between", ": ")
    said = [
        ngettext("%(num)s independent report", "%(num)s independent reports", quote.independent)
    ]
    if first.speaker:
        said.append(f"{_('named beside it')}{between}{first.speaker}")
    said += [
        f"{teller_of(one.saying)}{between}{', '.join(words)}"
        for one in quote.versions[1:MOST_LINKS]
        if (words := drift_of(one))
    ]
    sayings = [one.saying for one in quote.versions if one.saying.match_id is not None]
    links = tuple(_saying_link(one) for one in sayings[:MOST_LINKS])
    return Block(4, first.saying.written, first.saying.language, "; ".join(said), links)


def _saying_link(saying: Saying) -> Link:
    address = passage_address(saying.match_id or 0, saying.passage)
    return Link(saying.outlet or _("Unknown outlet"), address)


def _share_line(one: SeedShare) -> Block:
    outlet = one.outlet or _("Unknown outlet")
    return Block(
        4,
        f"{percent(one.share or 0.0)}{pgettext('between', ': ')}{outlet}",
        about=language_name(one.language),
        links=(Link(one.title or _("(no title)"), f"/matches/{one.match_id}"),),
    )


def _link(teller: Teller) -> Link:
    return Link(
        teller.outlet or _("Unknown outlet"), passage_address(teller.match_id, teller.passage)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


FORMATS = {"text": write_text, "markdown": write_markdown, "html": write_html}


def stories_of(brief: Brief) -> Iterable[list[Block]]:
    """The blocks of a briefing by story, for a page that sets each apart."""
    held: list[Block] = []
    for block in blocks(brief):
        if block.level == 1 and held:
            yield held
            held = []
        held.append(block)
    if held:
        yield held
