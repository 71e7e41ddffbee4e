"""Every error by name, with what to do, from the docstrings of ``core/errors.py``."""

import inspect
from typing import Final

from airflow_ddb_migrate.core import errors
from website.reference.docstrings import doc_of
from website.reference.markdown import code, page

_TO_DO: Final = "What to do: "


class NoAdviceError(Exception):
    """An error's docstring does not say what to do."""


def errors_page() -> str:
    found = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.MigrationError)
    ]
    return page(
        "Errors",
        "The message of an error says what was found, the limit, and the next step. A task's log "
        "has its name, too, as the exception that the task's own came from: "
        "`airflow_ddb_migrate.core.errors.…`. This page says what each name means.",
        "Airflow tries a task again after an error marked *retryable*. Any other error needs a "
        "change first, so it fails the task at once.",
        *(_section(each) for each in sorted(found, key=lambda each: each.__name__)),
    )


def _section(cls: type[errors.MigrationError]) -> str:
    words, _, advice = doc_of(cls).words.partition(_TO_DO)
    if not advice and cls is not errors.MigrationError:
        raise NoAdviceError(f"The docstring of {cls.__name__} lacks a paragraph {_TO_DO!r}.")
    base = cls.__mro__[1].__name__
    kind = "retryable" if cls.retryable else "not retryable"
    parts = [f"## {cls.__name__}", f"*{kind}*, {code(base)}", words.strip()]
    return "\n\n".join([*parts, f"**What to do:** {advice.strip()}"] if advice else parts)
