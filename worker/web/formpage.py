"""Pages that have forms."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from worker.web import forms
from worker.web.safety import FormGuard
from worker.web.views import page


def page_with_forms(guard: FormGuard, request: Request, template: str, **values: Any) -> Response:
    """Fill a page that has forms: with their token, and the name that the reviewer gave.

    Args:
        guard: issues the token.
        request: whose visitor will send the forms.
        template: see `worker.web.views.page`.
        values: what the template shows.
    """
    token = guard.issue(request)
    answer = page(
        template,
        token=token.value,
        reviewer=forms.remembered_reviewer(request),
        max_name=forms.MAX_NAME,
        **values,
    )
    token.keep(answer)
    return answer
