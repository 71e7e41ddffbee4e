"""How to get a higher limit of the cost. It imports little: a DAG file is parsed with it."""

from typing import Final

from airflow_ddb_migrate.core.text.figures import dollars_words

AUTHOR_SETS: Final = "migration_params"  # where the author of a DAG sets what no run can exceed


def higher_limit(limit: float, most: float | None, *, by: str = "") -> str:
    """Return how to get a higher limit of the cost than this one: that depends on whose it is.

    It begins a sentence.

    :param most: that of the DAG's author; None: there is none.
    :param by: the way in which a person can give one.
    """
    if most is not None and limit >= most:
        return f"Ask the DAG's author for a higher max_cost_usd ({AUTHOR_SETS}(max_cost_usd=...))"
    within = "" if most is None else f", at most the {dollars_words(most)} of the DAG's author"
    return f"Give a higher max_cost_usd{by}{within}"
