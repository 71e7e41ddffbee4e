"""The fine print lists the questions as they are asked."""

import re
from pathlib import Path

from airflow_ddb_migrate.core.prove.questions import QUESTIONS

PAGE = (Path(__file__).parents[3] / "docs" / "fine-print.md").read_text()


def test_each_question_stands_in_the_fine_print_with_what_it_changes() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)

    assert [(q.name, q.text, q.changes) for q in QUESTIONS] == rows
