"""One emulator and one deployment for a whole campaign, with a proxy before it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.deployment import deploy
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from tests.live.endpoints import Endpoint
from tests.support.engines.double.engine import StrictDynamo
from tests.support.engines.proxy import Fate, FaultProxy, Forward, Request, Response
from tests.support.worlds.chain_world import ChainWorld

WORKERS, AIRFLOW = "workers", "airflow"  # the proxy's doors

AS_SHIPPED, IMPATIENT = "faults", "faults-impatient"  # stacks

IMPATIENT_SECONDS = 6  # Lambda's time limit in the second stack, for transforms that hang

_HERE = Path(__file__).parent
_TRANSFORMS = _HERE / "transforms"
WAIT_SCALE = 0.1  # of Step Functions' waits: a hold of 30 s and a retry after 5 s take a tenth
_PAGE_ITEMS = 12


@dataclass(frozen=True, slots=True)
class FaultWorld:
    """Where runs take place, one after the other."""

    emulator: Emulator
    proxy: FaultProxy
    airflow_url: str
    folder: Path
    double: StrictDynamo = field(default_factory=lambda: StrictDynamo(updating_seconds=1.0))
    stacks: dict[str, Stack] = field(default_factory=dict)

    @property
    def clients(self) -> Clients:
        """What checks and live traffic use: no fault gets in their way."""
        return self.emulator.clients()

    @property
    def logs(self) -> Any:
        """CloudWatch's logs."""
        return self.emulator.client("logs")

    @property
    def cloudwatch(self) -> Any:
        """CloudWatch's alarms, by no proxy."""
        return self.emulator.client("cloudwatch")

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.emulator.endpoint_url, self.emulator.credentials)

    @property
    def chain(self) -> ChainWorld:
        return ChainWorld(self.clients, self.folder, self.stack(AS_SHIPPED))

    def stack(self, name: str) -> Stack:
        """Return a stack, deployed when it is first asked for."""
        if name not in self.stacks:
            with pytest.MonkeyPatch.context() as patch:
                if name == IMPATIENT:
                    patch.setattr(deploy, "stack_template", impatient(deploy.stack_template))
                self.stacks[name] = _deploy(self.emulator, name, _TRANSFORMS)
        return self.stacks[name]

    def deploy_anew(self, name: str) -> None:
        """Deploy the same transforms with another hash."""
        folder = Path(tempfile.mkdtemp(prefix="transforms-", dir=self.folder)) / "transforms"
        shutil.copytree(_TRANSFORMS, folder)
        with (folder / "faulty.py").open("a") as code:
            code.write(f"# Deployed again: {folder.parent.name}\n")
        self.stacks[name] = _deploy(self.emulator, name, folder)

    @property
    def skew(self) -> Path:
        """The file that sets the workers' clocks wrong."""
        return self.folder / "skew"

    def airflow_clients(self) -> Clients:
        """What Airflow's tasks use: DynamoDB, S3 and Step Functions through the proxy."""
        urls = dict.fromkeys(("dynamodb", "s3", "stepfunctions"), self.airflow_url)

        def make(service: str) -> Any:
            url = urls.get(service, self.emulator.endpoint_url)
            return self.emulator.client(service, endpoint_url=url)

        return Clients(make)

    def site(self, clients: Clients, table: str, run: str, stack: str = AS_SHIPPED) -> Site:
        identity = Identity(dag_id="faults", run_id=run)
        return open_site(clients, table_name=table, stack_name=stack, identity=identity)


@contextmanager
def fault_world(folder: Path) -> Iterator[FaultWorld]:
    """Start the emulator, its Lambdas behind the proxy."""
    with FaultProxy() as proxy, ExitStack() as stack:
        workers_url, airflow_url = proxy.door(WORKERS), proxy.door(AIRFLOW)
        with pytest.MonkeyPatch.context() as patch:  # other emulators of this process: as ever
            _behind(patch, workers_url, folder)
            running = stack.enter_context(emulators.start_emulator(folder))
        proxy.upstream = running.endpoint_url
        yield FaultWorld(running, proxy, airflow_url, folder)


def _behind(patch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    """Let the emulator tell its Lambdas another endpoint, and let their clocks go wrong."""
    right = emulators._environment

    def environment(*args: Any) -> dict[str, str]:
        return {
            **right(*args),
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ENDPOINT_URL_CLOUDWATCH": url,
            "FAULT_SKEW": str(folder / "skew"),
            "PYTHONPATH": f"{_HERE / 'clock'}:{_HERE.parents[1]}",
            "SFNWAIT_SCALE": str(WAIT_SCALE),
        }

    patch.setattr(emulators, "_environment", environment)


def _deploy(running: Emulator, name: str, transforms: Path) -> Stack:
    return Deployment(
        clients=running.clients(),
        stack_name=name,
        tables=["*", "*:faulty"],
        transforms_dir=transforms,
        say=lambda _: None,
        poll_seconds=0.1,
    ).deploy()


def impatient(template: Any) -> Any:
    """Return the same template, with a short time limit of the Lambda."""
    return lambda *code, **names: template(*code, **names).replace(
        "Timeout: 900", f"Timeout: {IMPATIENT_SECONDS}"
    )


def short_pages(request: Request) -> Fate | None:
    """Cut the pages of scans, as DynamoDB may: small tables have several pages, too."""
    if request.door != WORKERS or request.operation != "Scan":
        return None
    said = request.said
    if said.get("Limit", _PAGE_ITEMS) <= _PAGE_ITEMS:
        return None

    def fate(asked: Request, forward: Forward) -> Response:
        return forward(asked.saying({**said, "Limit": _PAGE_ITEMS}))

    return fate
