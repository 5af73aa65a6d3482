"""Pages that have forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from worker.domain import Watch
from worker.store.store import Store
from worker.web import forms
from worker.web.safety import FormGuard
from worker.web.views import page


class FormPages:
    """Pages of one store that have forms for a reviewer.

    Args:
        store: answers.
        watches: give titles and the texts of the seeds.
        guard: issues the tokens of the pages' forms.
    """

    def __init__(self, store: Store, watches: Sequence[Watch], guard: FormGuard) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._guard = guard

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        """Fill a page: with the token of its forms, and the name that the reviewer gave.

        Args:
            request: whose visitor will send the forms.
            template: see `worker.web.views.page`.
            values: what the template shows.
        """
        token = self._guard.issue(request)
        answer = page(
            template,
            token=token.value,
            reviewer=forms.remembered_reviewer(request),
            max_name=forms.MAX_NAME,
            **values,
        )
        token.keep(answer)
        return answer
