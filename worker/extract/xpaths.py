"""XPaths that test attributes by regular expression, evaluated over elements in Python.

libxml2 has no `re:test`: lxml calls back into Python for each element and each test, whether the
element has the attribute or not, which was 40% of the time of extraction. Here an attribute's
value is judged once, and remembered, since a page has few distinct ones. Only the part of XPath is
understood that trafilatura's expressions for the text of a page are made of; the rest is refused,
so that its own expression is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from worker.extract.conditions import Attribute, Condition, Either, Named, Step, Test, united

_TOKEN = re.compile(
    r"""\s*(\.//(?:\*|\w+) | self::\w+ | @[\w-]+ | '[^']*' | re:test | starts-with | contains
    | translate | not\b | or\b | and\b | 1\b | [()\[\]|,=])\s*""",
    re.VERBOSE,
)


class UnknownPartError(ValueError):
    """An XPath has a part that is not known here."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an XPath finds below an element, in the page's order."""

    find: Callable[[HtmlElement], Iterator[HtmlElement]]
    limit: int | None

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        """Return all that is found."""
        return list(islice(self.find(tree), self.limit))

    def first(self, tree: HtmlElement) -> HtmlElement | None:
        """Return the first that is found, without looking for others."""
        return next(self.find(tree), None)


def compile_xpath(text: str) -> Selection:
    """Return what finds as an XPath does.

    Args:
        text: the XPath, of the form `.//a[...]|.//*[self::b or self::c][...]`, with conditions on
            an element's own attributes and on what it has below it.

    Raises:
        UnknownPartError: anything else; also tests that are true of an empty string, which
            `re:test` takes for an attribute that is not there.
    """
    reader = _Reader(text)
    if reader.next_is("("):
        reader.take("(")
        selection = reader.union()
        for token in (")", "[", "1", "]"):
            reader.take(token)
        limit = 1
    else:
        selection, limit = reader.union(), None
    reader.end()
    return Selection(selection, limit)


class _Reader:
    """Reads an XPath from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if not found:
                raise UnknownPartError(text[position : position + 40])
            self._tokens.append(found[1])
            position = found.end()
        self._tokens.reverse()

    def next_is(self, *tokens: str) -> bool:
        return bool(self._tokens) and self._tokens[-1] in tokens

    def take(self, *wanted: str) -> str:
        """Take the next token, which has to be one of those wanted, if any are named."""
        if not self._tokens or (wanted and self._tokens[-1] not in wanted):
            raise UnknownPartError(f"{self._tokens[-1:]}, not {wanted}")
        return self._tokens.pop()

    def end(self) -> None:
        if self._tokens:
            raise UnknownPartError(self._tokens[-1])

    def union(self) -> Callable[[HtmlElement], Iterator[HtmlElement]]:
        steps = [self._step()]
        while self.next_is("|"):
            self.take("|")
            steps.append(self._step())
        if len(steps) > 1 and any(step.is_first for step in steps):
            raise UnknownPartError("the first of several")
        return united(steps)

    def _step(self) -> Step:
        token = self.take()
        if not token.startswith(".//"):
            raise UnknownPartError(token)
        step = Step((token[3:],))
        while self.next_is("["):
            self.take("[")
            if self.next_is("1"):
                self.take("1")
                step.is_first = True
            elif step.is_first:
                raise UnknownPartError("a condition on the first")
            else:
                condition = self._either()
                if step.names == ("*",) and condition.names and not step.conditions:
                    step.names = condition.names
                else:
                    step.conditions.append(condition)
            self.take("]")
        return step

    def _either(self) -> Either:
        conditions = [self._all()]
        while self.next_is("or"):
            self.take("or")
            conditions.append(self._all())
        return Either(conditions)

    def _all(self) -> Condition:
        conditions = [self._condition()]
        while self.next_is("and"):
            self.take("and")
            conditions.append(self._condition())
        if len(conditions) == 1:
            return conditions[0]
        return lambda element: all(condition(element) for condition in conditions)

    def _condition(self) -> Condition:
        if self.next_is("("):
            return self._inner()
        token = self.take()
        if token.startswith("not"):
            inner = self._inner()
            return lambda element: not inner(element)
        if token.startswith("self::"):
            return Named(token.removeprefix("self::"))
        if token.startswith(".//"):
            return lambda element: element.find(token) is not None
        return self._attribute(token)

    def _attribute(self, token: str) -> Attribute:
        if token in ("re:test", "starts-with", "contains"):
            return self._function(token)
        if not token.startswith("@"):
            raise UnknownPartError(token)
        if not self.next_is("="):
            return Attribute((token[1:],), lambda _: True)
        self.take("=")
        return _tested((token[1:],), self._literal().__eq__)

    def _inner(self) -> Either:
        self.take("(")
        inner = self._either()
        self.take(")")
        return inner

    def _function(self, name: str) -> Attribute:
        self.take("(")
        changed: dict[int, int] = {}
        if self.next_is("translate"):
            self.take("translate")
            self.take("(")
            names = self._names()
            letters = []
            for _ in range(2):
                self.take(",")
                letters.append(self._literal())
            self.take(")")
            if len(letters[0]) != len(letters[1]) or len(set(letters[0])) != len(letters[0]):
                raise UnknownPartError(f"translate to {letters[1]}")
            changed = str.maketrans(*letters)
        else:
            names = self._names()
        self.take(",")
        wanted, flags = self._literal(), ""
        if name == "re:test" and self.next_is(","):
            self.take(",")
            flags = self._literal()
        self.take(")")
        test = _test(name, wanted, flags)
        if changed:
            return _tested(names, lambda value: test(value.translate(changed)))
        return _tested(names, test)

    def _names(self) -> tuple[str, ...]:
        names = [self.take()]
        while self.next_is("|"):
            self.take("|")
            names.append(self.take())
        if not all(name.startswith("@") for name in names):
            raise UnknownPartError(f"{names}")
        return tuple(name[1:] for name in names)

    def _literal(self) -> str:
        token = self.take()
        if not token.startswith("'"):
            raise UnknownPartError(token)
        return token[1:-1]


def _tested(names: tuple[str, ...], test: Test) -> Attribute:
    if test(""):
        raise UnknownPartError("a test that is true without an attribute")
    return Attribute(names, test)


def _test(name: str, wanted: str, flags: str) -> Test:
    if name == "contains":
        return lambda value: wanted in value
    if name == "starts-with":
        return lambda value: value.startswith(wanted)
    if flags not in ("", "i"):
        raise UnknownPartError(flags)
    return re.compile(wanted, re.IGNORECASE if flags else 0).search
