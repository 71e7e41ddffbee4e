"""What was answered so far: the documents that ship in the folder ``answers``."""

from pathlib import Path
from typing import Final

from airflow_ddb_migrate.core.prove.answers import AnswerSheet, has_aws

NEVER_ON_AWS: Final = "This has never run on AWS: please send us your answers."

_FOLDER: Final = Path(__file__).with_name("answers")


def known_answers() -> dict[str, AnswerSheet]:
    """Return the answers by the names of their files."""
    return {
        path.stem: AnswerSheet.from_json(path.read_text())
        for path in sorted(_FOLDER.glob("*.json"))
    }


def has_run_on_aws() -> bool:
    """Return whether an answer of AWS itself is among them."""
    return has_aws(known_answers().values())
