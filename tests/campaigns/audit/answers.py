"""What pip-audit says, told apart: vulnerable, not vulnerable, unknown, and no answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """``found``: a line for each vulnerable package; ``unknown``: packages that it does not know.

    ``problem`` says why it is no answer.
    """

    asked: int = 0
    found: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    problem: str = ""


def answer_of(code: int, output: str, errors: str) -> Answer:
    """Read pip-audit's JSON, whatever its exit code: 1 is a vulnerability, or an error."""
    try:
        rows = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = ([line.strip() for line in errors.splitlines() if line.strip()] or ["nothing"])[-1]
        return Answer(problem=f"pip-audit ended with {code} and said: {last[:300]}")
    return Answer(
        asked=len(rows),
        found=tuple(_in_words(row) for row in rows if row.get("vulns")),
        unknown=tuple(row["name"] for row in rows if "skip_reason" in row),
    )


def _in_words(row: dict[str, object]) -> str:
    vulnerabilities = row["vulns"]
    assert isinstance(vulnerabilities, list)
    parts = [
        f"{each['id']} (fixed in {', '.join(each['fix_versions']) or 'no version yet'})"
        for each in vulnerabilities
    ]
    return f"{row['name']} {row['version']}: {', '.join(parts)}"


def knows(answer: Answer, canary: str) -> str:
    """Say why an answer about a vulnerable package is no database's; empty when it is one's."""
    if answer.problem or answer.found:
        return answer.problem
    return f"it has no advisory of {canary}, which has some"


def in_words(answers: Sequence[Answer], source: str) -> str:
    """Say what was found; without answers, why nobody could be asked."""
    if not answers:
        return (
            "audit: COULD NOT LOOK. No advisory database answers from here, so whether a pinned "
            f"package has a known vulnerability is unknown. {source}"
        )
    problems = [f"audit: FAILED. {answer.problem}" for answer in answers if answer.problem]
    found = sorted({line for answer in answers for line in answer.found})
    unknown = sorted({name for answer in answers for name in answer.unknown})
    asked = sum(answer.asked for answer in answers) - len(unknown)
    lines = [*problems, *(f"audit: VULNERABLE. {line}" for line in found)]
    if found:
        lines.append("Raise what has a fix: in constraints.in or pyproject.toml, then make lock.")
    elif not problems:
        lines.append(f"audit: no known vulnerability in {asked} pinned packages, says {source}.")
    if unknown:
        more = f", and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        lines.append(f"{source} does not know: {', '.join(unknown[:_SHOWN])}{more}.")
    return "\n".join(lines)
