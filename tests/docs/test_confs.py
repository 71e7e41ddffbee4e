"""Every configuration in README and docs is one that its DAG takes."""

import json
import re
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.conf import require_known_fields
from airflow_ddb_migrate.params import about_params, many_params, migration_params
from tests.conftest import ROOT
from tests.support.bad_confs import refused_by_rest
from tests.support.snippets import Snippet, snippets

CONFS = [
    one for one in snippets("json") if "Statement" not in one.text and "Effect" not in one.text
]


@pytest.mark.parametrize("snippet", CONFS, ids=str)
def test_a_conf_is_taken(snippet: Snippet) -> None:
    conf = json.loads(snippet.text)
    fields = _fields(conf)

    require_known_fields(conf, declared=fields, ours=fields)
    assert "" == refused_by_rest(fields, conf)


def test_the_page_has_each_field_of_the_form() -> None:
    """And no other: its rows name them in the first column."""
    rows = re.findall(r"^\| (`.+?) \|", (ROOT / "docs" / "conf.md").read_text(), re.MULTILINE)

    assert set(migration_params()) == set(re.findall(r"`(\w+)`", " ".join(rows)))


def _fields(conf: dict[str, Any]) -> dict[str, Any]:
    if "tables" in conf:
        return many_params()
    return migration_params() if "table" in conf else about_params("undone")
