"""`seedwatch watch tune`, `sample`, `seed`, `unseed`: what verdicts teach a watch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from worker.commands.common import open_store, print_json
from worker.config import Settings, load_settings
from worker.domain import Watch
from worker.errors import ConfigError, InputError

if TYPE_CHECKING:  # numpy is loaded when verdicts are counted, not for --help
    from worker.learn.estimates import Rate
    from worker.learn.fitting import Setting
    from worker.learn.replay import Moved, Replay
    from worker.tuning import Learning

_REMATCH = "what was stored before keeps its answer until `seedwatch rematch`"


@click.command()
@click.argument("name")
@click.option("--threshold", help="Look at this threshold instead of the one proposed.")
@click.option("--apply", "is_applied", is_flag=True, help="Save it.")
@click.option("--undo", "is_undone", is_flag=True, help="Take the latest decision back.")
@click.option("--reviewer", help="Who says so.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tune(
    *,
    name: str,
    threshold: str | None,
    is_applied: bool,
    is_undone: bool,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """Learn a watch's threshold from the verdicts; nothing changes without --apply.

    Tells what holds, how good it is, what the verdicts speak for, and which of the stored articles
    would come in or go out. What is saved beats the threshold in watch.toml until that is edited.
    """
    from worker.learn.fitting import Setting
    from worker.tuning import Tuner, read_threshold

    settings = load_settings()
    watch = watch_of(settings, name)
    with open_store(settings) as store:
        tuner = Tuner(store)
        if is_undone:
            history = store.learning.history(name)
            undone = store.learning.undo(name, history[0].id, reviewer) if history else None
            if undone is None:
                raise InputError(name, "there is no decision to take back")
        learning = tuner.look(watch)
        proposed = learning.proposal
        then = proposed.setting if proposed.is_change else None
        if threshold is not None:
            then = Setting(read_threshold(threshold))
        changes = tuner.replay(watch, then) if then else None
        saved = None
        if is_applied:
            if then is None:
                raise InputError(name, "the verdicts speak for no change; name a --threshold")
            saved = tuner.apply(watch, then, reviewer)
    if as_json:
        print_json(_document(learning, then, changes, saved.id if saved else None))
        return
    _print(learning, then, changes)
    if saved:
        click.echo(f"Saved as decision {saved.id}; it holds from now on, and {_REMATCH}.")
    elif is_undone:
        click.echo(f"Taken back; {_REMATCH}.")
    elif then is not None:
        click.echo("Nothing was changed; --apply saves it.")


@click.command()
@click.argument("name")
@click.option("--draw", "is_drawn", is_flag=True, help="Draw some now, not at the day's turn.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def sample(name: str, is_drawn: bool, as_json: bool) -> None:
    """List articles below the threshold to be judged without their score.

    They were drawn by chance; `seedwatch review ID VERDICT` judges one. From the verdicts follows
    how much is missed.
    """
    settings = load_settings()
    watch_of(settings, name)
    if is_drawn:
        from worker.sampling import draw_samples
        from worker.wiring import build

        services = build(settings)
        try:
            draw_samples(services, always=True)
        finally:
            services.close()
    with open_store(settings) as store:
        rows = store.samples.waiting(name)
    if as_json:
        fields = ("match_id", "title", "text", "language", "outlet", "url")
        print_json([{field: getattr(row, field) for field in fields} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.match_id:>6}  {row.language:<4} {row.title}\n        {row.url or '-'}")
    if not rows:
        click.echo("Nothing waits to be judged; a few are drawn every day.", err=True)


@click.command("seed")
@click.argument("name")
@click.argument("match_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--reviewer", help="Who says so.")
def add_seed(name: str, match_id: int, reviewer: str | None) -> None:
    """Make a match's article a further seed of the watch, beside those in its folder."""
    settings = load_settings()
    watch_of(settings, name)
    with open_store(settings) as store:
        if store.matches.get(match_id).watch != name:
            raise InputError(str(match_id), f"is no match of {name}")
        row = store.learning.add_seed(match_id, reviewer)
    click.echo(
        f"added:{row.id}: {row.title}\nA seed from the next articles on; `seedwatch rematch` "
        "matches what is stored with it."
    )


@click.command("unseed")
@click.argument("name")
@click.argument("seed_id", metavar="SEED", type=str)
def remove_seed(name: str, seed_id: str) -> None:
    """Take an added seed (added:N) out of the watch again."""
    number = seed_id.removeprefix("added:")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise InputError(seed_id, "only added seeds (added:N) can be taken out here")
    with open_store(load_settings()) as store:
        store.learning.remove_seed(name, int(number))
    click.echo(f"added:{number} is no seed of {name} any more, from the next articles on")


def watch_of(settings: Settings, name: str, *, with_seeds: bool = False) -> Watch:
    """The watch of a name.

    Raises:
        ConfigError: there is none; names those there are.
    """
    from worker.matching import build_loader

    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=with_seeds)
    found = next((watch for watch in watches if watch.name == name), None)
    if found is None:
        names = ", ".join(watch.name for watch in watches)
        raise ConfigError(name, f"no such watch. There are: {names}")
    return found


def _print(learning: Learning, then: Setting | None, changes: Replay | None) -> None:
    watch, now = learning.watch, learning.now
    click.echo(f"{watch.name}: related from {now.threshold:.2f}, {_source(learning)}")
    click.echo(f"{learning.verdicts} verdicts to learn from; {learning.waiting} blind ones wait\n")
    click.echo(f"{'':10} {'judged':>7} {'blind':>6}  {'precision':<18} {'recall':<18} recall, near")
    for one in learning.quality:
        rates = (one.precision, one.recall, one.near_recall)
        told = " ".join(f"{_rate(rate):<18}" for rate in rates).rstrip()
        click.echo(f"{one.language or 'all':10} {one.judged:>7} {one.blind:>6}  {told}")
    click.echo(f"\n{_proposed(learning)}")
    if then is not None and changes is not None:
        what = "this correction" if then.correction else f"threshold {then.threshold:.2f}"
        click.echo(
            f"With {what} instead of {now.threshold:.2f}: {_moved(changes.comes_in)} would come "
            f"in, {_moved(changes.goes_out)} would go out."
        )


def _source(learning: Learning) -> str:
    if learning.decided:
        who = learning.decided.reviewer or "somebody"
        return f"as {who} decided on {learning.decided.decided_at:%Y-%m-%d}"
    said = "the matcher's own" if learning.watch.threshold is None else "as watch.toml says"
    late = "; it was edited after the latest decision, which holds no more"
    return said + late * learning.is_overruled


def _proposed(learning: Learning) -> str:
    proposal, estimate = learning.proposal, learning.proposal.estimate
    if estimate is None:
        return "Too few verdicts to propose anything."
    tried = (
        f"on verdicts it had not seen it decides {estimate.right} rightly and {estimate.wrong} "
        f"wrongly otherwise, F1 {estimate.f1_before:.2f} -> {estimate.f1_after:.2f}"
    )
    if not proposal.is_change:
        return f"The verdicts speak for no change (the best one tried: {tried})."
    if proposal.setting.correction:
        return f"The verdicts speak for a correction of the score; {tried}."
    return f"The verdicts speak for threshold {proposal.setting.threshold:.2f}; {tried}."


def _moved(moved: Moved) -> str:
    judged = f" ({moved.relevant} judged relevant, {moved.irrelevant} irrelevant)"
    return f"{moved.total} article{'s' * (moved.total != 1)}{judged * bool(moved.total)}"


def _rate(rate: Rate | None) -> str:
    return f"{rate.value:.2f} ({rate.low:.2f}-{rate.high:.2f})" if rate else "-"


def _document(
    learning: Learning, then: Setting | None, changes: Replay | None, saved: int | None
) -> dict[str, Any]:
    return {
        "watch": learning.watch.name,
        "threshold": learning.now.threshold,
        "decision": learning.decided.id if learning.decided else None,
        "verdicts": learning.verdicts,
        "quality": [asdict(one) for one in learning.quality],
        "proposal": {
            "is_change": learning.proposal.is_change,
            "setting": asdict(learning.proposal.setting),
            "estimate": asdict(learning.proposal.estimate) if learning.proposal.estimate else None,
        },
        "replay": {"setting": asdict(then), **asdict(changes)} if then and changes else None,
        "saved": saved,
    }
