"""What is told in numbers and names: the kinds of facts that are laid side by side."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """What a value is one of."""

    DATE = "date"
    YEAR = "year"
    AMOUNT = "amount"
    """Of money."""
    SHARE = "share"
    """Per cent."""
    MEASURE = "measure"
    """Of a unit such as kilometres or years."""
    COUNT = "count"
    """Of anything else."""
    NAME = "name"
    """How a name is spelt."""
    TITLE = "title"
    """The office that somebody is said to have."""
    ORGANISATION = "organisation"
    """How the name of an organisation is rendered whose acronym is given."""
