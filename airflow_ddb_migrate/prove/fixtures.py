"""The answers so far: the documents in the folder ``answers``."""

from pathlib import Path
from typing import Final

from airflow_ddb_migrate.core.prove.answers import AnswerSheet, has_aws

NEVER_ON_AWS: Final = "No answers from AWS are known yet: please send us yours."

_FOLDER: Final = Path(__file__).with_name("answers")


def known_answers() -> dict[str, AnswerSheet]:
    """Return the answers by the names of their files."""
    return {
        path.stem: AnswerSheet.from_json(path.read_text())
        for path in sorted(_FOLDER.glob("*.json"))
    }


def has_run_on_aws() -> bool:
    """Return whether there are answers from AWS itself."""
    return has_aws(known_answers().values())
