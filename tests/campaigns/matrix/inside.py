"""Run where another Airflow and the wheel are: what that Airflow makes of the example DAGs.

``python -I inside.py ANSWER``, with only the standard library and that Airflow. The answer is a
JSON file: ``versions`` by package, ``dags`` the number found, and what is against the wheel in
``parse``, ``message`` and ``metrics``.
"""

import json
import os
import socket
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

_PACKAGES = {
    "amazon": "apache-airflow-providers-amazon",
    "standard": "apache-airflow-providers-standard",
}
_LENGTH_BYTES = 4
_HANG_SECONDS = 300


def main(answer: Path) -> None:
    from airflow_ddb_migrate import resources

    folder = resources.folder("dags")
    files = sorted(folder.glob("*.py"))
    found, parse = _parsed(files)
    known = [file for file in files if found[file.name]]
    message = [words for file in known for words in _message(file, found[file.name])]
    answer.write_text(
        json.dumps(
            {
                "versions": {name: version(package) for name, package in _PACKAGES.items()},
                "dags": sum(map(len, found.values())),
                "parse": parse,
                "message": message,
                "metrics": _metrics(),
            }
        )
    )


def _metrics() -> list[str]:
    """Return where our metrics would not be those that this Airflow has set up in a process."""
    from airflow.jobs import triggerer_job_runner
    from airflow.sdk.execution_time import task_runner
    from airflow_ddb_migrate._compat import task_stats, trigger_stats

    pairs = ((task_stats, task_runner), (trigger_stats, triggerer_job_runner))
    return [
        f"{ours.__name__} is not what {theirs.__name__} sets up"
        for ours, theirs in pairs
        if ours() is not (getattr(theirs, "Stats", None) or theirs.stats.Stats)
    ]


def _parsed(files: list[Path]) -> tuple[dict[str, set[str]], list[str]]:
    """Return the DAGs of each file, and what is wrong with files."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before 3.2
        from airflow.models.dagbag import DagBag

    found, wrong = {}, [] if files else ["the wheel has no DAG file"]
    for file in files:
        bag = DagBag(str(file))
        found[file.name] = set(bag.dags)
        wrong += [f"{file.name}: {_last(text)}" for text in bag.import_errors.values()]
        if not bag.dags and not bag.import_errors:
            wrong.append(f"{file.name}: no DAG in it")
    return found, wrong


def _message(file: Path, expected: set[str]) -> list[str]:
    """Let the DAG processor's own child parse a file and send what it found; return what is wrong.

    The child runs what Airflow runs in it; this is its parent, which reads and validates.
    """
    ours, theirs = socket.socketpair()
    ours.settimeout(_HANG_SECONDS)
    with ours, tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if child == 0:
            ours.close()
            _process(theirs, said)
        theirs.close()
        try:
            _ask(ours, file)
            body = _answer(ours)
        finally:
            ours.close()
            os.waitpid(child, 0)
        said.seek(0)
        return _wrong(file.name, body, expected, _last(said.read()))


def _process(theirs: socket.socket, said) -> None:
    from airflow.dag_processing.processor import _parse_file_entrypoint

    os.dup2(theirs.fileno(), 0)
    code = 1
    try:
        _parse_file_entrypoint()
        code = 0
    except BaseException:  # noqa: BLE001  # it is told
        traceback.print_exc(file=said)
        said.flush()
    finally:
        os._exit(code)


def _ask(ours: socket.socket, file: Path) -> None:
    from airflow.dag_processing.processor import DagFileParseRequest
    from airflow.sdk.execution_time import comms

    asked = {"file": str(file), "bundle_path": file.parent, "bundle_name": "dags-folder"}
    known = {k: v for k, v in asked.items() if k in DagFileParseRequest.model_fields}
    request = DagFileParseRequest(**known)
    ours.sendall(comms._ResponseFrame(id=0, body=request.model_dump()).as_bytes())


def _answer(ours: socket.socket):
    """Return the message, as the parent validates it; None when the child ended without."""
    import msgspec
    from airflow.dag_processing.processor import DagFileParsingResult, ToManager
    from airflow.sdk.execution_time import comms
    from pydantic import TypeAdapter

    while frame := _read(ours):
        request = msgspec.msgpack.Decoder(comms._RequestFrame).decode(frame)
        body = TypeAdapter(ToManager).validate_python(request.body)
        ours.sendall(comms._ResponseFrame(id=request.id).as_bytes())
        if isinstance(body, DagFileParsingResult):
            return body
    return None


def _read(ours: socket.socket) -> bytes:
    length = int.from_bytes(_exactly(ours, _LENGTH_BYTES), "big")
    return _exactly(ours, length)


def _exactly(ours: socket.socket, number: int) -> bytes:
    read = b""
    while len(read) < number:
        more = ours.recv(number - len(read))
        if not more:
            return b""
        read += more
    return read


def _wrong(name: str, body, expected: set[str], said: str) -> list[str]:
    if body is None:
        return [f"{name}: the DAG processor could not send it: {said}"]
    if body.import_errors:
        return [f"{name}: {_last(text)}" for text in body.import_errors.values()]
    sent = {dag.dag_id for dag in body.serialized_dags}
    return [f"{name}: {dag_id} was not sent" for dag_id in sorted(expected - sent)]


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "it said nothing"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
