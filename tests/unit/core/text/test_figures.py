"""Dollars as a person reads them: the same on every page, in Python and in the browser."""

import json
import subprocess
from pathlib import Path

import airflow_ddb_migrate
import pytest
from airflow_ddb_migrate.core.text.figures import dollars_words, type_words
from tests.support.engines.node_tools import require_node

AMOUNTS = {
    0: "$0.00",
    1e-300: "under $0.000001",
    0.000_000_9: "under $0.000001",
    0.000_001: "$0.000001",
    0.000_022_6: "$0.000023",
    0.000_2: "$0.00020",
    0.004_24: "$0.0042",
    0.009_99: "$0.0100",
    0.01: "$0.01",
    0.016: "$0.02",
    20: "$20.00",
    1_234.567: "$1,234.57",
}


@pytest.mark.parametrize(("amount", "words"), AMOUNTS.items())
def test_a_sum_below_a_cent_has_two_figures(amount: float, words: str) -> None:
    """A limit of $0.00 would say nothing, nor would that $0.00 of it are spent."""
    assert words == dollars_words(amount)


def test_the_browser_shows_the_same() -> None:
    require_node()
    page = Path(airflow_ddb_migrate.__file__).parent / "plugin" / "static" / "dom.js"
    script = f"import {{ dollars }} from {json.dumps(page.as_uri())};"
    script += f"console.log(JSON.stringify({json.dumps(list(AMOUNTS))}.map(dollars)));"

    answer = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
    )

    assert list(AMOUNTS.values()) == json.loads(answer.stdout)


@pytest.mark.parametrize(("value", "words"), [(5, "an int"), ("x", "a str"), (None, "a NoneType")])
def test_a_type_has_its_article(value: object, words: str) -> None:
    assert words == type_words(value)
