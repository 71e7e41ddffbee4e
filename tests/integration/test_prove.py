"""The twelve questions, asked of the emulator and of the double: their answers are kept."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.prove.answers import AnswerSheet, Engine, lasting
from airflow_ddb_migrate.core.prove.price import WRITE_REQUESTS
from airflow_ddb_migrate.core.prove.scratch_names import scratch_names
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION
from airflow_ddb_migrate.prove.fixtures import known_answers
from airflow_ddb_migrate.prove.run import Proving
from airflow_ddb_migrate.prove.scratch import Scratch
from botocore.config import Config
from tests.live import endpoints
from tests.live.endpoints import Endpoint
from tests.unit.prove.test_run import there

PREFIX = "prove-it"
_HERE = ("python", "botocore")  # of the interpreter in which an emulator runs functions
_QUICK = Clock(sleep=lambda seconds: time.sleep(min(seconds, 0.05)))


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Endpoint]]] = {
    "ministack": endpoints.ministack,
    "double": endpoints.double,
}


@pytest.mark.parametrize("name", ["ministack", pytest.param("double", marks=pytest.mark.story)])
def test_an_engine_answers_as_it_did(name: str, tmp_path: Path) -> None:
    """A new version of an emulator that answers otherwise is heard of; nothing of it is left.

    To keep what it answers now: ``ddb-migrate prove --engine NAME --endpoint-url URL``.
    """
    known = known_answers()[name]
    asked: list[tuple[str, int]] = []
    with ENGINES[name](tmp_path) as endpoint:
        clients = _clients(endpoint, asked)
        scratch = Scratch(clients, clients, scratch_names(PREFIX), _QUICK)
        sheet, left = Proving(
            scratch=scratch, engine=Engine(name, is_aws=False), say=lambda _: None
        ).run()
        assert ((), set()) == (left, there(clients))

    text = sheet.to_json(PREFIX)
    assert _comparable(known) == _comparable(AnswerSheet.from_json(text))
    assert scratch.account not in text
    assert WRITE_REQUESTS > _write_units(asked)


def _clients(endpoint: Endpoint, asked: list[tuple[str, int]]) -> Clients:
    session = boto3.Session(region_name=REGION, **endpoint.credentials)
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})

    def client(service: str) -> Any:
        made = session.client(service, endpoint_url=endpoint.url, config=config)
        made.meta.events.register(
            "before-call.dynamodb",
            lambda model, params, **_: asked.append((model.name, len(params["body"]))),
        )
        return made

    return Clients(client)


def _write_units(asked: list[tuple[str, int]]) -> int:
    """Return more than was written: each request's whole body counts, by the KiB, and its index."""
    writes = ("Put", "Update", "Delete", "BatchWrite", "BatchExecute")
    return sum(2 * (25 + size // 1_024) for name, size in asked if name.startswith(writes))


def _comparable(sheet: AnswerSheet) -> dict[str, Any]:
    answers = {each.name: lasting(each.found) or each.why_not for each in sheet.answers}
    runtime = answers["lambda-runtime"]
    assert isinstance(runtime, dict), runtime
    return {**answers, "lambda-runtime": {n: v for n, v in runtime.items() if n not in _HERE}}


def test_an_emulator_s_answers_are_never_aws_s() -> None:
    """What is kept says who answered."""
    assert set(ENGINES) <= known_answers().keys()
    assert [] == [n for n, sheet in known_answers().items() if sheet.engine.is_aws and n in ENGINES]
