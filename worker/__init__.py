"""Seedwatch: watches the news in every language for what a few seed articles started.

The package holds the work itself; `tasks` puts it on a schedule and a queue. Read
`worker.pipeline` first: it is the only module that knows the order of the steps.
"""

__version__ = "0.1.0"
