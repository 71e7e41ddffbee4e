"""What answers in AWS's place, and endpoints that are none: a sentence, never a traceback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients, is_aws_endpoint, made_client
from airflow_ddb_migrate.aws.services.stack import find_stack
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.aws.site import Identity, open_site
from airflow_ddb_migrate.cli.main import main
from airflow_ddb_migrate.core.errors import AwsRequestError, ConnectionSetupError, MigrationError
from airflow_ddb_migrate.hooks.migration import SiteAddress
from botocore.config import Config

BODIES = {
    "a web page": b"<html><body>Sign in</body></html>",
    "an object": b'{"ok": true}',
    "a list": b"[1]",
    "text": b"not found",
    "nothing": b"",
}
ONCE = Config(retries={"total_max_attempts": 1})


class _Server(ThreadingHTTPServer):
    body = b""
    status = 200


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815  # the names that http.server calls

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def clients_of(endpoint: str, region: str = "us-east-1") -> Clients:
    def make(service: str) -> Any:
        return boto3.client(service, endpoint_url=endpoint, region_name=region, config=ONCE)

    return Clients(lambda service: made_client(lambda: make(service), service, "the test"))


def asked(clients: Clients) -> list[Any]:
    return [
        lambda: describe_table(clients.dynamodb, "orders"),
        lambda: find_stack(clients.cloudformation, "ddb-migrate"),
        lambda: open_site(
            clients,
            table_name="orders",
            stack_name="ddb-migrate",
            identity=Identity(dag_id="d", run_id="r"),
        ),
    ]


@pytest.mark.parametrize("status", [200, 302, 404, 500])
@pytest.mark.parametrize("body", BODIES)
def test_whatever_is_not_aws_is_named_in_a_sentence(
    server: _Server, body: str, status: int
) -> None:
    """A captive portal, a proxy's page, a wrong port: it may pass, so it is an outage."""
    server.body, server.status = BODIES[body], status
    for ask in asked(clients_of(f"http://127.0.0.1:{server.server_port}")):
        with pytest.raises(AwsRequestError) as caught:
            ask()

        assert caught.value.retryable
        assert "\n" not in str(caught.value)


def test_a_page_that_answers_well_is_told_apart_from_aws(server: _Server) -> None:
    server.body, server.status = BODIES["a web page"], 200

    with pytest.raises(
        AwsRequestError, match=r"response to DescribeTable at http.* is not from AWS"
    ):
        describe_table(clients_of(f"http://127.0.0.1:{server.server_port}").dynamodb, "orders")


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("localhost:4566", "us-east-1"),
        ("http://", "us-east-1"),
        ("http://local host", "us-east-1"),
        ("http://" + "a" * 70 + ".com", "us-east-1"),
        (None, "us-east-1\n"),
    ],
)
def test_no_client_can_be_made_of_it(endpoint: str, region: str) -> None:
    with pytest.raises(ConnectionSetupError, match="endpoint must be a URL"):
        _ = clients_of(endpoint, region).dynamodb


@pytest.mark.parametrize(
    "options",
    [
        ["--endpoint-url", "localhost:4566"],
        ["--region", "moon base"],
        ["--profile", "nobody"],
        ["--endpoint-url", "http://127.0.0.1:99999"],
    ],
)
def test_the_command_line_says_it_in_a_line(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "--table", "orders", *options]) == 1
    assert capsys.readouterr().err.startswith("ddb-migrate: ")


@pytest.mark.parametrize("option", ["--region", "--profile", "--endpoint-url"])
def test_an_option_that_is_empty_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that is not set must not mean another account or region."""
    with pytest.raises(SystemExit):
        main(["history", "--table", "orders", option, ""])
    assert "is empty" in capsys.readouterr().err


def address(**changes: Any) -> SiteAddress:
    return SiteAddress(table_name="orders", stack_name="s", dag_id="d", run_id="r", **changes)


def test_a_connection_that_is_not_there_is_refused() -> None:
    """The amazon provider would go on with the environment's credentials."""
    with pytest.raises(ConnectionSetupError, match="no connection 'prod_acount'") as caught:
        address(aws_conn_id="prod_acount").open()

    assert not caught.value.retryable
    assert isinstance(caught.value, AwsRequestError)  # a wait bears it: it may be back


@pytest.mark.parametrize("conn_id", [None, "", "aws_default"])
def test_a_connection_that_nobody_named_may_be_missing(
    monkeypatch: pytest.MonkeyPatch, conn_id: str | None
) -> None:
    """Airflow sets none up, and a machine's role needs none."""
    monkeypatch.delenv("AIRFLOW_CONN_AWS_DEFAULT")

    assert address(aws_conn_id=conn_id).clients().sts.meta.region_name == "us-east-1"


@pytest.mark.parametrize("extra", ["endpoint_url=localhost:4566", "assume_role_method=magic"])
def test_a_connection_that_makes_no_client_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    role = "role_arn=arn:aws:iam::123456789012:role/r"
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"aws://?region_name=us-east-1&{role}&{extra}")

    with pytest.raises(MigrationError, match="Airflow connection shop"):
        _ = address(aws_conn_id="shop").clients().dynamodb


def test_options_that_botocore_does_not_have_are_a_sentence() -> None:
    with pytest.raises(ConnectionSetupError, match="retrys"):
        _ = address(botocore_config={"retrys": 3}).clients().dynamodb


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dynamodb.us-east-1.amazonaws.com", True),
        ("https://123456789012.ddb.us-east-1.amazonaws.com", True),
        ("https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com/", True),
        ("https://dynamodb.cn-north-1.amazonaws.com.cn", True),
        ("https://lambda.eu-west-1.api.aws", True),
        ("http://localhost:4566", False),
        ("https://amazonaws.com.example.org", False),
        ("https://notamazonaws.com", False),
        ("", False),
    ],
)
def test_aws_is_known_by_its_domains(url: str, expected: bool) -> None:
    assert expected == is_aws_endpoint(url)


def test_who_is_hurried_keeps_what_the_connection_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its proxies and pool, with timeouts of seconds: somebody waits in a browser."""
    extra = {"config_kwargs": {"max_pool_connections": 3, "read_timeout": 60}}
    connection = {"conn_type": "aws", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))

    plain, hurried = (
        address(is_hurried=is_hurried).clients().sts.meta.config for is_hurried in (False, True)
    )

    assert (3, 60) == (plain.max_pool_connections, plain.read_timeout)
    assert (3, 10, 3) == (
        hurried.max_pool_connections,
        hurried.read_timeout,
        hurried.connect_timeout,
    )
