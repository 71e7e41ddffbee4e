"""A bill and its parts as text."""

from collections.abc import Mapping
from typing import Final

from airflow_ddb_migrate.core.text.figures import dollars_words

_NAMES: Final = {
    "lambda": "Lambda",
    "step_functions": "Step Functions",
    "cloudwatch": "logs and metrics",
}


def bill_part(part: str) -> str:
    """Return a part of the bill as people call it."""
    return _NAMES.get(part, part.replace("_", " "))


def bill_words(costs: Mapping[str, float], most: int | None = None) -> str:
    """Return the parts that cost anything, the largest first: ``writes $62.50, Lambda $3.10``.

    :param most: name only so many of them.
    """
    parts = sorted(costs.items(), key=lambda part: -part[1])[:most]
    return ", ".join(f"{bill_part(part)} {dollars_words(usd)}" for part, usd in parts if usd > 0)
