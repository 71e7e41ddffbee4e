"""What Airflow learns about the package, and what holds for every class of it."""

import importlib
import inspect
import json
import pickle
import pkgutil
from importlib.resources import files

import airflow
import airflow_ddb_migrate
import jsonschema
import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import BaseTrigger
from airflow_ddb_migrate.core import errors
from airflow_ddb_migrate.operators.approve import ApproveMigrationOperator
from airflow_ddb_migrate.operators.base.follow_up import FollowUpOperator
from airflow_ddb_migrate.operators.base.task import MigrationOperator, MigrationSensor, explained
from airflow_ddb_migrate.provider_info import get_provider_info

INFO = get_provider_info()


def modules(kind: str) -> list[str]:
    return [name for row in INFO[kind] for name in row["python-modules"]]


def classes(*kinds: str, base: type | tuple[type, ...]) -> list[type]:
    return [
        value
        for kind in kinds
        for name in modules(kind)
        for value in vars(importlib.import_module(name)).values()
        if inspect.isclass(value) and issubclass(value, base) and value.__module__ == name
    ]


TASKS = classes("operators", "sensors", base=(MigrationOperator, MigrationSensor))
ERRORS = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.MigrationError)
]


def make_task(cls: type, **fields):
    about = {"of": "orders-1"} if issubclass(cls, FollowUpOperator) else {}
    about |= {"tables": ["orders"]} if "tables" in cls.template_fields else {}
    with DAG("d", schedule=None):
        return cls(task_id="t", table_name="orders", **about, **fields)


def test_schema():
    """The provider's description is what Airflow's schema wants."""
    schema = json.loads(files(airflow).joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(INFO, schema)


def test_extra_links():
    """Every extra link that is listed can be imported, and every link of a task is listed."""
    used = {
        f"{type(link).__module__}.{type(link).__name__}"
        for cls in TASKS
        for link in cls.operator_extra_links
    }
    assert used == set(INFO["extra-links"])


@pytest.mark.parametrize("kind", ["operators", "sensors", "triggers"])
def test_every_module_is_listed(kind):
    """And what is listed is there. What begins with _ and the folder of base classes is ours."""
    package = importlib.import_module(f"airflow_ddb_migrate.{kind}")
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    public = [
        m.name for m in found if not m.ispkg and not m.name.rpartition(".")[2].startswith("_")
    ]
    assert sorted(public) == sorted(modules(kind))


def test_the_package_has_no_other_links():
    """Every class of a link with a name to show is listed."""
    from airflow_ddb_migrate import links

    names = [m.name for m in pkgutil.iter_modules(links.__path__, f"{links.__name__}.")]
    assert set(INFO["extra-links"]) == {
        f"{name}.{cls.__name__}"
        for name in names
        for cls in vars(importlib.import_module(name)).values()
        if inspect.isclass(cls) and cls.__module__ == name and "name" in vars(cls)
    }


def test_public_names():
    """Every operator and sensor is exported from the package's top."""
    exported = [*TASKS, ApproveMigrationOperator]  # which knows no AWS
    assert {cls.__name__ for cls in exported} == {
        name for name in airflow_ddb_migrate.__all__ if name.endswith(("Operator", "Sensor"))
    }
    assert set(exported) == {getattr(airflow_ddb_migrate, cls.__name__) for cls in exported}


@pytest.mark.parametrize("cls", TASKS)
class TestEveryTask:
    def test_template_fields(self, cls):
        """Every templated field is an attribute and a documented parameter."""
        task = make_task(cls)
        documented = "".join(inspect.getdoc(base) or "" for base in cls.__mro__)
        for field in cls.template_fields:
            assert hasattr(task, field)
            assert f":param {field}:" in documented

    def test_connection_parameters(self, cls):
        """Every class takes and templates the connection as those of the amazon provider do."""
        task = make_task(
            cls,
            aws_conn_id="mine",
            region_name="eu-west-1",
            verify=False,
            botocore_config={"read_timeout": 5},
        )
        assert ("mine", "eu-west-1", False) == (task.aws_conn_id, task.region_name, task.verify)
        assert {"aws_conn_id", "region_name", "verify"} <= set(cls.template_fields)
        assert "dynamodb" == task.hook.client_type

    def test_serialization(self, cls):
        """A DAG with the task survives the way through the database with all its fields."""
        task = make_task(cls)
        again = DagSerialization.from_dict(DagSerialization.to_dict(task.dag)).task_dict["t"]
        assert cls.__name__ == again.task_type
        assert "orders" == again.table_name
        assert sorted(cls.template_fields) == sorted(again.template_fields)

    def test_mapping(self, cls):
        """The task can be mapped over tables."""
        with DAG("d", schedule=None):
            mapped = cls.partial(task_id="t").expand(table_name=["orders", "customers"])
        assert mapped.is_mapped

    def test_private_state_stays_out_of_the_dag(self, cls):
        """Nothing of what a run needs is made when the DAG is parsed."""
        assert getattr(make_task(cls), "_watcher", None) is None


@pytest.mark.parametrize("cls", classes("triggers", base=BaseTrigger))
def test_trigger_has_address(cls):
    """Every trigger is tested in test_triggers; here: each takes keyword arguments only."""
    kinds = {parameter.kind for parameter in inspect.signature(cls).parameters.values()}
    assert {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD} == kinds


@pytest.mark.parametrize("cls", ERRORS)
def test_errors_pickle(cls):
    """Every error survives pickling with its message and AWS code."""
    error = cls("what happened", "SomeCode")
    again = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error), error.aws_code) == (type(again), str(again), again.aws_code)


@pytest.mark.parametrize("cls", ERRORS)
def test_errors_as_airflow_sees_them(cls):
    """A task is retried only where another try can help, and the message stays whole."""
    expected = "MigrationTaskError" if cls.retryable else "AirflowFailException"
    with pytest.raises(Exception, match="what happened") as caught, explained():
        raise cls("what happened")
    assert expected == type(caught.value).__name__
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(caught.value) == str(again)
