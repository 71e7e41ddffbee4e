"""Asks every question, and removes what was created for them, whatever happens."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.prove.answers import Answer, AnswerSheet, Engine
from airflow_ddb_migrate.core.prove.questions import QUESTIONS, Question
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.prove import (
    on_batches,
    on_executions,
    on_functions,
    on_items,
    on_tables,
)
from airflow_ddb_migrate.prove.compute import Compute
from airflow_ddb_migrate.prove.scratch import Scratch

Say = Callable[[str], None]
Ask = Callable[[], Mapping[str, Any]]

_SHOWN: Final = 300  # characters of the reason why a question is not answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """One run. ``say`` is called with one line per step."""

    scratch: Scratch
    engine: Engine
    say: Say = print

    def run(self) -> tuple[AnswerSheet, tuple[str, ...]]:
        """Return the answers, and sentences on what could not be removed.

        :raises InvalidInputError: another resource has one of our names; nothing was created.
        :raises MigrationError: the tables could not be created; everything was removed.
        """
        self.prepare()
        try:
            self.scratch.make_tables()
            answers = tuple(self._answers())
        except BaseException:
            self._tell_left(self.remove())
            raise
        left = self.remove()
        sheet = AnswerSheet(
            engine=self.engine,
            package_version=__version__,
            asked_at=iso(self.scratch.clock.now()),
            answers=answers,
        )
        return sheet, left

    def prepare(self) -> None:
        """Refuse names that others use, and remove what an earlier run has left."""
        if self.scratch.require_ours():
            self.say("Removing what an earlier run has left ...")
            left = self.remove()
            if left:
                raise MigrationError(
                    "What an earlier run left could not be removed, so nothing was created: "
                    f"{'; '.join(left)}"
                )

    def remove(self) -> tuple[str, ...]:
        self.say(
            "Removing what was created (if you interrupt this, run the same command again) ..."
        )
        return self.scratch.remove()

    def _tell_left(self, left: tuple[str, ...]) -> None:
        for words in left:
            self.say(f"NOT REMOVED: {words}")

    def _answers(self) -> Iterator[Answer]:
        asks = self._asks()
        for number, question in enumerate(QUESTIONS, 1):
            began = time.monotonic()
            answer = _answered(question, asks[question.name])
            result = f"not answered: {answer.why_not}" if answer.why_not else "answered"
            self.say(
                f"[{number:>2}/{len(QUESTIONS)}] {question.name:<20} "
                f"{time.monotonic() - began:>5.1f} s  {result}"
            )
            yield answer

    def _asks(self) -> dict[str, Ask]:
        scratch, compute = self.scratch, Compute(self.scratch)
        return {
            "batch-lost": lambda: on_batches.ask_batch_lost(scratch),
            "batch-duplicates": lambda: on_batches.ask_batch_duplicates(scratch),
            "statement-throttling": lambda: on_batches.ask_statement_throttling(scratch),
            "item-limits": lambda: on_items.ask_item_limits(scratch),
            "statement-capacity": lambda: on_batches.ask_statement_capacity(scratch),
            "scan": lambda: on_items.ask_scan(scratch),
            "table-decreases": lambda: on_tables.ask_table_decreases(scratch),
            "execution-visibility": lambda: on_executions.ask_execution_visibility(compute),
            "published-versions": lambda: on_functions.ask_published_versions(compute),
            "lambda-runtime": lambda: on_functions.ask_lambda_runtime(compute),
            "missing-object": lambda: on_functions.ask_missing_object(compute),
            "role-delay": lambda: on_functions.ask_role_delay(compute),
        }


def _answered(question: Question, ask: Ask) -> Answer:
    """Ask one question. An error is the answer to this question only."""
    try:
        return Answer(name=question.name, found=ask())
    except (MigrationError, ClientError, BotoCoreError) as exc:
        why = str(exc)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ) as exc:  # a response of an unexpected shape
        why = f"The response was not understood ({type(exc).__name__}: {exc})."
    return Answer(name=question.name, why_not=why[:_SHOWN])
