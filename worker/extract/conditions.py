"""Conditions on elements and their attributes, as XPaths have them; each value is judged once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

_MAX_KEPT = 1_000
"""Verdicts on one attribute in one condition; a page has some 200 distinct values."""
_MAX_KEPT_LENGTH = 300
"""Characters of an attribute whose verdict is kept: longer ones hardly come twice."""

Condition = Callable[[HtmlElement], bool]
Test = Callable[[str], object]
"""True or false of a value, as Python takes what it returns: a pattern's `search` is one."""


class _Verdicts(dict[str, bool | None]):
    """What tests say of an attribute's value, each judged once.

    True if one is true; None if only one is that counts where no other attribute comes first.
    """

    def __init__(self, tests: Iterable[Test], doubtful: Iterable[Test] = ()) -> None:
        self._tests, self._doubtful = tuple(tests), tuple(doubtful)

    def __missing__(self, value: str) -> bool | None:
        verdict: bool | None = False
        for test in self._tests:
            if test(value):
                verdict = True
                break
        else:
            for test in self._doubtful:
                if test(value):
                    verdict = None
                    break
        if len(value) <= _MAX_KEPT_LENGTH:
            if len(self) >= _MAX_KEPT:
                self.clear()
            self[value] = verdict
        return verdict


@dataclass(frozen=True, slots=True)
class Attribute:
    """A test of the first of some attributes, in the order of the page's source."""

    names: tuple[str, ...]
    test: Test

    def __call__(self, element: HtmlElement) -> bool:
        """Whether the test is true of the element; never without one of the attributes."""
        first = next((name for name in element.attrib if name in self.names), None)
        return first is not None and bool(self.test(element.get(first)))


@dataclass(frozen=True, slots=True)
class Named:
    """The element has this name."""

    name: str

    def __call__(self, element: HtmlElement) -> bool:
        """Whether that is the element's name."""
        return bool(element.tag == self.name)


class Either:
    """One of some conditions holds.

    Attributes:
        names: of the elements, where all conditions are names.
    """

    def __init__(self, conditions: list[Condition]) -> None:
        named = [condition.name for condition in conditions if isinstance(condition, Named)]
        self.names = tuple(named) if len(named) == len(conditions) else ()
        self._firsts: list[Attribute] = []
        self._others: list[Condition] = []
        tests: dict[str, list[Test]] = {}
        doubtful: dict[str, list[Test]] = {}
        for condition in conditions:
            if not isinstance(condition, Attribute):
                self._others.append(condition)
                continue
            if len(condition.names) > 1:
                self._firsts.append(condition)
            for name in condition.names:
                found = tests if len(condition.names) == 1 else doubtful
                found.setdefault(name, []).append(condition.test)
        self._verdicts = [
            (name, _Verdicts(tests.get(name, ()), doubtful.get(name, ())))
            for name in {**tests, **doubtful}
        ]

    def __call__(self, element: HtmlElement) -> bool:
        """Whether a condition is true of the element."""
        return next(self.filter((element,)), None) is not None

    def filter(self, elements: Iterable[HtmlElement]) -> Iterator[HtmlElement]:
        """Yield the elements of which a condition is true."""
        verdicts, firsts, others = self._verdicts, self._firsts, self._others
        for element in elements:
            get = element.get
            for name, known in verdicts:
                value = get(name)
                if value is None or (verdict := known[value]) is False:
                    continue
                if verdict or any(condition(element) for condition in firsts):
                    yield element
                    break
            else:
                for condition in others:
                    if condition(element):
                        yield element
                        break


@dataclass(slots=True)
class Step:
    """Elements of some names anywhere below, of which all conditions are true.

    Attributes:
        is_first: of the children of one element only the first is meant.
    """

    names: tuple[str, ...]
    conditions: list[Either] = field(default_factory=list)
    is_first: bool = False

    def __call__(self, tree: HtmlElement) -> Iterator[HtmlElement]:
        """Yield what is meant below an element."""
        found: Iterator[HtmlElement] = tree.iterdescendants(*self.names)
        for condition in self.conditions:
            found = condition.filter(found)
        return _first_of_parents(found) if self.is_first else found


def _first_of_parents(elements: Iterable[HtmlElement]) -> Iterator[HtmlElement]:
    parents = set()
    for element in elements:
        parent = element.getparent()
        if parent not in parents:
            parents.add(parent)
            yield element


def united(steps: list[Step]) -> Callable[[HtmlElement], Iterator[HtmlElement]]:
    """Return what finds all that one of the steps finds."""
    if len(steps) == 1:
        return steps[0]
    plain = [name for step in steps if not step.conditions for name in step.names]
    parts = [step for step in steps if step.conditions] + [Step(tuple(plain))] * bool(plain)

    def find(tree: HtmlElement) -> Iterator[HtmlElement]:
        found = [elements for step in parts if (elements := list(step(tree)))]
        if len(found) < 2:
            return iter(found[0] if found else ())
        wanted = {element for elements in found for element in elements}
        return (element for element in tree.iterdescendants("*") if element in wanted)

    return find
