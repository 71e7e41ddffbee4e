"""An engine's answers: one JSON document, which is safe to publish."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from airflow_ddb_migrate.core.prove.questions import QUESTIONS

FORMAT: Final = 1
_TIMES: Final = ("_seconds",)  # endings of names of figures that differ in every run

_SECRETS: Final = (
    (re.compile(r"arn:[\w-]+:[^\s\"',)]*"), "<arn>"),
    (re.compile(r"(?<![0-9A-Za-z])A[A-Z]{3}[0-9A-Z]{12,17}(?![0-9A-Za-z])"), "<key>"),
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"(?<![0-9A-Z])[0-9A-Z]{40,}(?![0-9A-Z])"), "<id>"),  # of requests to DynamoDB
    (re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})(?![0-9])"), "<account>"),
    (re.compile(r"https?://[^\s\"')]+"), "<url>"),
)


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that answered. ``is_aws``: every endpoint is in one of AWS's domains."""

    name: str
    is_aws: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as plain data. ``why_not`` says why there is none."""

    name: str
    found: Mapping[str, Any] = field(default_factory=dict)
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSheet:
    """All answers of one run. ``asked_at`` is a time in ISO 8601."""

    engine: Engine
    package_version: str
    asked_at: str
    answers: tuple[Answer, ...]

    def to_json(self, prefix: str) -> str:
        """Return the document, without ARNs, accounts, ids, keys, URLs and the scratch prefix."""
        texts = {question.name: question.text for question in QUESTIONS}
        document = {
            "format": FORMAT,
            "engine": {"name": self.engine.name, "is_aws": self.engine.is_aws},
            "package_version": self.package_version,
            "asked_at": self.asked_at,
            "answers": [
                {"name": each.name, "question": texts[each.name], **_result(each)}
                for each in self.answers
            ],
        }
        return json.dumps(scrubbed(document, prefix), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a document that ``to_json`` wrote; raises ValueError for another."""
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise ValueError(f"format {document.get('format')} is not {FORMAT}")
        return cls(
            engine=Engine(**document["engine"]),
            package_version=document["package_version"],
            asked_at=document["asked_at"],
            answers=tuple(
                Answer(
                    name=row["name"],
                    found=row.get("answer", {}),
                    why_not=row.get("not_answered", ""),
                )
                for row in document["answers"]
            ),
        )


def scrubbed(value: Any, prefix: str = "") -> Any:
    """Return plain data without anything in its texts that identifies an account or a run."""
    if isinstance(value, Mapping):
        return {scrubbed(name, prefix): scrubbed(row, prefix) for name, row in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(row, prefix) for row in value]
    if not isinstance(value, str):
        return value
    for pattern, instead in _SECRETS:
        value = pattern.sub(instead, value)
    return value.replace(prefix, "<prefix>") if prefix else value


def lasting(found: Any) -> Any:
    """Return an answer without its times, for comparison with another run's."""
    if isinstance(found, Mapping):
        return {n: lasting(row) for n, row in found.items() if not str(n).endswith(_TIMES)}
    return [lasting(row) for row in found] if isinstance(found, list | tuple) else found


def has_aws(sheets: Iterable[AnswerSheet]) -> bool:
    """Return whether one of the documents has AWS's own answers."""
    return any(sheet.engine.is_aws for sheet in sheets)


def _result(answer: Answer) -> dict[str, Any]:
    return {"not_answered": answer.why_not} if answer.why_not else {"answer": dict(answer.found)}
