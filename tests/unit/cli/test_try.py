"""The command line tries a transform on some items of a table, without a stack."""

import io
import json
import os
from collections import Counter
from types import SimpleNamespace

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.cli.trial_items import ItemPicker
from botocore.exceptions import ClientError
from tests.support.factories import client_error, data_table
from tests.support.worlds.migration_world import Proxy, moto_dynamodb

TABLE = "orders"
NAMES = """
from transforms import DELETE, SKIP

def transform(item, context):
    if "skip" in item: return SKIP
    if "drop" in item: return DELETE
    if "loud" in item: raise ValueError(f"no rate for {item['loud']}")
    if "first" in item: item["fullName"] = item.pop("first") + context.params.get("end", "")
    return item
"""


@pytest.fixture
def service(monkeypatch):
    """A client of an account without a stack; whatever else the command asks for is missing."""
    with moto_dynamodb() as client:
        data_table(client, TABLE)
        proxy = Proxy(client)
        monkeypatch.setattr(main, "_clients", lambda _: Clients({"dynamodb": proxy}.__getitem__))
        yield proxy


@pytest.fixture
def path(tmp_path):
    """The file of a transform in a folder of its own."""
    return written(tmp_path, NAMES, "full_name")


def written(folder, source, name="mine"):
    path = folder / f"{name}.py"
    path.write_text(source)
    return path


def put(service, *items, table=TABLE):
    for item in items:
        service.client.put_item(TableName=table, Item=item)


def item(number, **texts):
    return {"id": {"S": f"id-{number}"}, **{name: {"S": text} for name, text in texts.items()}}


def in_one_segment(name, arguments):
    if name == "scan":
        arguments.pop("Segment", None)
        arguments.pop("TotalSegments", None)


def tried(transform, *options):
    return main.main(["try", "--table", TABLE, "--transform", str(transform), *options])


def test_what_would_become_of_each_item(service, path, capsys):
    """Key, outcome, types and sizes; then a summary, and what to do next."""
    put(service, item(1, first="Ada"), item(2, skip="x"), item(3), item(4, drop="y"))

    assert 0 == tried(path)

    said = capsys.readouterr()
    *blocks, _, read, whole, units, types, advice = said.out.splitlines()
    assert "" == said.err
    assert {
        '{"id": {"S": "id-2"}} skipped',
        '{"id": {"S": "id-3"}} unchanged',
        '{"id": {"S": "id-4"}} deleted, 11 bytes, 1 write unit',
        "  drop: S -> -",
        "  id: S -> -",
        "  condition: drop, skip",
    } < {*blocks}
    start = blocks.index('{"id": {"S": "id-1"}} changed, 14 to 17 bytes, 1 write unit')
    assert [
        "  first: S -> -",
        "  fullName: - -> S",
        "  condition: drop, first, fullName, loud, skip",
    ] == blocks[start + 1 : start + 4]
    assert (
        "4 items of table orders read: 1 changed, 1 deleted, 1 unchanged, 1 skipped, 0 refused. "
        "Nothing was written."
    ) == read
    assert "The table has no other items." == whole
    assert "2 write units for 2 writes, 1.0 each, without indexes." == units
    assert "Only types are shown; --show-values also shows values." == types
    assert f"Next: ddb-migrate deploy --transforms {path.parent}" == advice


def test_only_the_table_is_described_and_scanned(service, path):
    """No write, no ledger, no Lambda; the items stay as they are."""
    put(service, *(item(n, first="Ada") for n in range(30)))
    before = service.client.scan(TableName=TABLE)["Items"]

    tried(path)
    tried("add_updated_at", "--items", "3", "--json")

    assert {"describe_table", "scan"} == {name for name, _ in service.calls}
    assert before == service.client.scan(TableName=TABLE)["Items"]


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_no_value_without_being_asked(service, path, capsys, options):
    """Neither before nor after, nor in an error; the key is shown as everywhere."""
    put(service, item(1, first="Secret"), item(2, drop="Secret"), item(3, loud="Secret"))

    tried(path, "--params", '{"end": "Secret"}', *options)

    said = capsys.readouterr()
    assert "id-3" in said.out
    assert "fullName" in said.out
    assert "Secret" not in said.out + said.err


def test_values_when_asked_for(service, path, capsys):
    """As typed JSON, up to 100 characters of each."""
    put(service, item(1, first="A" * 200))

    tried(path, "--params", '{"end": "!"}', "--show-values")

    said = capsys.readouterr().out
    assert f'  first: {{"S": "{"A" * 90}... -> -\n' in said
    assert "Only types" not in said


def test_values_as_json(service, path, capsys):
    """Whole; binary as base64, and what is not there is null."""
    put(service, item(1, first="A" * 200) | {"old": {"B": b"\xff\x00"}})
    code = "def transform(item, context):\n    del item['old']\n    return item\n"
    tried(written(path.parent, code.replace("del item['old']", "item.pop('old', None)")), "--json")
    types = json.loads(capsys.readouterr().out)["items"][0]["attributes"]

    tried(path.parent / "mine.py", "--json", "--show-values")
    document = json.loads(capsys.readouterr().out)

    assert {"old": {"before": "B", "after": "-"}} == types
    assert {"old": {"before": {"B": "/wA="}, "after": None}} == document["items"][0]["attributes"]
    assert {"changed": 1, "deleted": 0, "unchanged": 0, "skipped": 0, "refused": 0} == (
        document["counts"]
    )
    assert (TABLE, 1, 1, True) == tuple(
        document[name] for name in ("table", "write_units", "scanned", "is_whole")
    )


def test_a_refused_item_is_shown_and_the_others_go_on(service, path, capsys):
    """With its key, class and words; the exit code tells it."""
    put(service, item(1, first="Ada"), item(2, loud="x"))

    assert 1 == tried(path)

    said = capsys.readouterr()
    assert (
        '{"id": {"S": "id-2"}} refused, ValueError: The transform raised ValueError at '
        "full_name.py:7. It says: no rate for {item['loud']}.\n"
    ) in said.out
    assert '{"id": {"S": "id-1"}} changed' in said.out
    assert "1 changed, 0 deleted, 0 unchanged, 0 skipped, 1 refused." in said.out
    assert "Next:" not in said.out
    assert (
        "ddb-migrate: 1 of 2 items would be refused; a migration would quarantine them "
        "(ValueError 1). Fix the transform and try again.\n"
    ) == said.err


def test_an_index_refuses_what_it_would_refuse(service, tmp_path, capsys):
    """By the description of the table."""
    key = [{"AttributeName": "mail", "KeyType": "HASH"}]
    index = {"IndexName": "by_mail", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    service.client.delete_table(TableName=TABLE)
    data_table(
        service.client,
        TABLE,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "mail")
        ],
        GlobalSecondaryIndexes=[index],
    )
    put(service, item(1))
    code = "def transform(item, context):\n    item['mail'] = 1\n    return item\n"

    assert 1 == tried(written(tmp_path, code))

    assert "refused, BadIndexKey: Attribute 'mail' is the partition key of index 'by_mail'" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("key", "shown"),
    [({"B": b"\xff\x00"}, '{"id": {"B": "/wA="}}'), ({"N": "12.50"}, '{"id": {"N": "12.5"}}')],
    ids=["binary", "number"],
)
def test_a_key_can_be_read(service, tmp_path, capsys, key, shown):
    """Binary as base64, a number as DynamoDB has it; in a refusal, too."""
    service.client.delete_table(TableName=TABLE)
    data_table(service.client, TABLE, key_type=next(iter(key)))
    put(service, {"id": key})
    service.before = in_one_segment  # moto cannot tell the segment of a binary key

    tried("add_updated_at")
    tried(written(tmp_path, "def transform(item, context): pass\n"))

    said = capsys.readouterr().out.replace("12.50", "12.5")
    assert f"{shown} changed, " in said
    assert f"{shown} refused, ReturnedNone: " in said


def test_the_keys_of_a_table_with_two(service, tmp_path, capsys):
    """The partition key first; both in the block and in the context."""
    names = ("pk", "sk")
    data_table(
        service.client,
        "events",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=[
            {"AttributeName": n, "KeyType": k}
            for n, k in zip(names, ("HASH", "RANGE"), strict=True)
        ],
    )
    put(service, {"sk": {"S": "2"}, "pk": {"S": "1"}}, table="events")
    code = "def transform(item, context):\n    item['k'] = context.key_names\n    return item\n"
    path = written(tmp_path, code.replace("context.key_names", "[*context.key_names]"))

    main.main(["try", "--table", "events", "--transform", str(path), "--show-values"])

    said = capsys.readouterr().out
    assert said.startswith('{"pk": {"S": "1"}, "sk": {"S": "2"}} changed')
    assert '  k: - -> {"L": [{"S": "pk"}, {"S": "sk"}]}\n' in said


def test_an_empty_table_is_said(service, path, capsys):
    """It is no error."""
    assert 0 == tried(path)
    assert "Table orders is empty, so there is no item to try.\n" == capsys.readouterr().out

    assert 0 == tried(path, "--json")
    assert [] == json.loads(capsys.readouterr().out)["items"]


# FILTER

FILTERED = """
FILTER = {"expression": "#s = :s", "names": {"#s": "status"}, "values": {":s": "old"}}
def transform(item, context):
    item["status"] = "new"
    return item
"""


def test_a_filter_is_honoured(service, tmp_path, capsys):
    """However few items pass it, and wherever they are."""
    put(service, *(item(n, status="old" if n % 25 == 7 else "new") for n in range(300)))

    assert 0 == tried(written(tmp_path, FILTERED))

    said = capsys.readouterr().out
    assert "12 items of table orders read: 12 changed, 0 deleted" in said
    assert "No other item of the table passes the FILTER." in said


def test_a_filter_that_no_item_passes_is_said(service, tmp_path, capsys):
    """The table is not empty."""
    put(service, *(item(n, status="new") for n in range(3)))

    assert 0 == tried(written(tmp_path, FILTERED))

    said = capsys.readouterr().out
    assert said.startswith("No item passes the transform's FILTER. DynamoDB read ")
    assert "items of table orders, all of them.\n" in said


def test_a_filter_that_dynamodb_refuses_is_a_sentence(service, tmp_path, capsys):
    """With DynamoDB's own words."""
    put(service, item(1))

    assert 1 == tried(written(tmp_path, FILTERED.replace("#s = :s", "#s === :s")))
    assert "DynamoDB refuses the transform's FILTER '#s === :s': " in capsys.readouterr().err


# Input


@pytest.mark.parametrize("items", ["0", "-1", "x", "1.5", "1001", str(10**9), "9" * 5_000, ""])
def test_a_number_of_items_that_is_none(service, path, capsys, items):
    """Refused before anything is read."""
    with pytest.raises(SystemExit) as caught:
        tried(path, f"--items={items}")

    assert (2, []) == (caught.value.code, service.calls)
    said = capsys.readouterr().err
    assert "is not a whole number from 1 to 1,000" in said
    assert len(said) < 1_000


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("[1]", "params is [1]; it must be a JSON object"),
        ("null", "params is None; it must be a JSON object"),
        ("{'a': 1}", "is not JSON (Expecting property name"),
        ("", "'' is not JSON"),
        ('{"a": NaN}', "params cannot be written as JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"a":' * 40 + "1" + "}" * 40, "more than 32 levels deep"),
    ],
    ids=["list", "null", "quotes", "empty", "nan", "deep", "levels"],
)
def test_params_that_are_no_object(service, path, capsys, params, said):
    """Refused before anything is read."""
    with pytest.raises(SystemExit) as caught:
        tried(path, f"--params={params}")

    assert (2, []) == (caught.value.code, service.calls)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["missing.py"], "File '"),
        (["."], "File '"),
        ([""], "File '"),
        (["notes.txt"], "notes.txt' is not a Python file."),
        (
            ["link.py"],
            "--transform 'link.py' is a symbolic link. Only regular files are deployed",
        ),
        (["pipe.py"], "--transform 'pipe.py' is a pipe. Only regular files are deployed"),
        (["link", "--transforms", "."], "--transform 'link.py' is a symbolic link. Only regular"),
        (["huge.py"], "have 1,073,741,824 bytes unzipped; Lambda allows"),
        (["folder.py"], "File '"),
        (["nowhere/mine.py"], "File '"),
        (["missing"], "Transform 'missing' was not found. The transforms that ship with"),
        (["missing", "--transforms", "."], "'missing.py' is not a file, and the transforms that"),
        (["full_name", "--transforms", "nowhere"], "--transforms 'nowhere' is not a folder."),
        (["sub/mine.py", "--transforms", "."], "'sub/mine.py' is not directly in the folder"),
        (["full-name.py"], "Transform 'full-name' is not the name of a Python module."),
        (["broken.py"], "cannot be imported: SyntaxError"),
        (["other.py"], "Transform 'other' defines no function transform(item, context)."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_transform_that_is_none(service, path, monkeypatch, capsys, options, said):
    """A sentence, and no item is read."""
    monkeypatch.chdir(path.parent)
    (path.parent / "sub").mkdir()
    for name in ("notes.txt", "full-name.py", "sub/mine.py", "other.py"):
        (path.parent / name).write_text("")
    (path.parent / "broken.py").write_text("def transform(item")
    (path.parent / "link.py").symlink_to("full_name.py")
    os.mkfifo(path.parent / "pipe.py")
    (path.parent / "folder.py").mkdir()
    with (path.parent / "huge.py").open("wb") as file:
        file.truncate(1024**3)  # a hole: it takes no room
    put(service, item(1))

    assert 1 == tried(*options)

    assert said in capsys.readouterr().err
    assert "scan" not in {name for name, _ in service.calls}


@pytest.mark.parametrize(
    ("transform", "folder"),
    [("transforms/full_name.py", None), ("full_name", "transforms"), ("full_name.py", None)],
)
def test_where_a_transform_is_found(service, tmp_path, monkeypatch, capsys, transform, folder):
    """By its path, or by its name in a folder, which is then what to deploy."""
    (tmp_path / "transforms").mkdir()
    written(tmp_path / "transforms", NAMES, "full_name")
    monkeypatch.chdir(tmp_path if "/" in transform or folder else tmp_path / "transforms")
    put(service, item(1, first="Ada"))

    assert 0 == tried(transform, *(["--transforms", folder] if folder else []))

    where = "." if transform == "full_name.py" else "transforms"
    assert capsys.readouterr().out.endswith(f"Next: ddb-migrate deploy --transforms {where}\n")


def test_a_file_of_ones_own_goes_before_one_that_ships(service, tmp_path, capsys):
    """As in the stack, with what lies beside it; ours needs no folder."""
    written(tmp_path, "NOTE = 'x'\n", "_note")
    code = "from transforms._note import NOTE\ndef transform(item, context): return item\n"
    written(tmp_path, code, "add_updated_at")
    put(service, item(1))

    tried("add_updated_at", "--transforms", str(tmp_path))
    assert "1 unchanged" in capsys.readouterr().out

    tried("add_updated_at")
    said = capsys.readouterr().out
    assert "1 changed" in said
    assert said.endswith("Next: ddb-migrate deploy\n")


def test_what_a_transform_prints_is_not_in_the_document(service, tmp_path, capsys):
    """It goes to where messages go."""
    code = "print('import')\ndef transform(item, context):\n    print('call')\n    return item\n"
    put(service, item(1))

    tried(written(tmp_path, code), "--json")

    said = capsys.readouterr()
    assert 1 == json.loads(said.out)["counts"]["unchanged"]
    assert said.err.startswith("import\ncall\n")


@pytest.mark.parametrize("name", ["or", "orders!", ""])
def test_a_table_name_that_is_none(service, path, capsys, name):
    """Refused before anything is asked."""
    assert 1 == main.main(["try", "--table", name, "--transform", str(path)])
    assert f"table is {name!r}" in capsys.readouterr().err
    assert [] == service.calls


def test_a_table_that_is_not_there(service, path, capsys):
    """With the name that was meant."""
    assert 1 == main.main(["try", "--table", "order", "--transform", str(path)])
    assert "Table 'order' does not exist in us-east-1. Did you mean orders?" in (
        capsys.readouterr().err
    )


def test_a_scan_that_is_not_allowed(service, path, capsys):
    """The permission is named."""

    def deny(name, _):
        if name == "scan":
            raise client_error("AccessDeniedException", "Scan")

    service.before = deny
    assert 1 == tried(path)
    assert "dynamodb:Scan on table orders" in capsys.readouterr().err


def test_no_credentials_is_a_clear_message(path, monkeypatch, tmp_path, capsys):
    """The message names what was tried and where credentials go."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert 1 == tried(path, "--region", "eu-west-1")
    assert "dynamodb:DescribeTable on table orders needs AWS credentials" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("arguments", [["--table", TABLE], ["--transform", "x"], ["--stack-name"]])
def test_wrong_usage_exits_2(arguments, capsys):
    """Table and transform are required; there is no stack."""
    with pytest.raises(SystemExit) as caught:
        main.main(["try", *arguments])
    assert 2 == caught.value.code


def test_nothing_of_an_item_steers_the_terminal(service, tmp_path, capsys):
    """Names and values are escaped."""
    code = (
        "def transform(item, context):\n    item['\\x1b[2J\\x9bm'] = '\\u202e'\n    return item\n"
    )
    put(service, {"id": {"S": "\x9b31m"}})

    tried(written(tmp_path, code), "--show-values")

    said = capsys.readouterr().out
    assert all(c.isprintable() for c in said.replace("\n", ""))
    assert "\\u001b[2J\\x9bm" in said


def test_a_terminal_that_cannot_show_a_key(service, monkeypatch):
    """It gets what it can show."""
    put(service, {"id": {"S": "Zoë"}})
    out = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(out, "ascii"))

    assert 0 == tried("add_updated_at")
    assert b'{"id": {"S": "Zo\\xeb"}} changed' in out.getvalue()


def test_an_item_of_many_attributes_is_cut(service, tmp_path, capsys):
    """The document has all of them."""
    code = (
        "def transform(item, context):\n"
        "    for n in range(50): item[f'a{n:02}'] = n\n"
        "    return item\n"
    )
    put(service, item(1))
    path = written(tmp_path, code)

    tried(path)
    said = capsys.readouterr().out
    tried(path, "--json")

    assert "  a19: - -> N\n  and 30 more attributes\n" in said
    assert "a19 and 30 more\n" in said
    assert 50 == len(json.loads(capsys.readouterr().out)["items"][0]["attributes"])


# Which items


class Segmented:
    """A table of many items in a scan's segments, each of its own page size."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, keys, passes=lambda _: True):
        self.keys, self.passes = keys, passes
        self.asked = []

    def scan(self, *, Segment, TotalSegments, Limit, ExclusiveStartKey=None, **_):  # noqa: N803
        self.asked.append((Segment, TotalSegments, Limit))
        mine = [k for k in self.keys if k * TotalSegments // 1_000_000 == Segment]
        start = int(ExclusiveStartKey["id"]["N"]) if ExclusiveStartKey else -1
        page = [k for k in mine if k > start][:Limit]
        answer = {
            "Items": [{"id": {"N": str(k)}} for k in page if self.passes(k)],
            "ScannedCount": len(page),
        }
        if len(page) == Limit:
            answer["LastEvaluatedKey"] = {"id": {"N": str(page[-1])}}
        return answer


def picked(dynamodb, count, wanted=20, *, seed="s", **options):
    with moto_dynamodb() as client:
        data_table(client, TABLE)
        table = describe_table(client, TABLE)
    object.__setattr__(table, "item_count", count)
    return ItemPicker(dynamodb, table, wanted=wanted, seed=seed, **options).pick()


def keys_of(found):
    return [int(one["id"]["N"]) for one in found.items]


@pytest.mark.parametrize("wanted", [1, 5, 20, 1_000])
def test_items_are_of_several_places(wanted):
    """Ten at most, each with its share; no more is read than that."""
    dynamodb = Segmented(range(0, 1_000_000, 20))

    found = picked(dynamodb, 50_000, wanted)

    tenths = Counter(key // 20_000 for key in keys_of(found))
    assert wanted == len(found.items) == len({*keys_of(found)})
    assert len(tenths) > min(wanted, 10) // 2
    assert found.scanned <= wanted + 9 + 200 * (wanted > 100)
    assert not found.is_whole


def test_the_same_items_unless_another_seed_is_given():
    """So that a fixed transform meets those that it failed for."""
    first, again, other = (
        picked(Segmented(range(0, 1_000_000, 20)), 50_000, seed=seed) for seed in "aab"
    )

    assert first == again
    assert not {*keys_of(first)} & {*keys_of(other)}


@pytest.mark.parametrize("count", [0, 40, 50_000, 10**12])
def test_an_old_count_is_no_matter(count):
    """Of a table that was just loaded, or almost emptied, all items are found."""
    found = picked(Segmented(range(0, 1_000_000, 70_000)), count)

    assert [*range(0, 1_000_000, 70_000)] == sorted(keys_of(found))
    assert found.is_whole


def test_one_partition_among_few():
    """A hundred keys, of which one has nearly all items: the others are seen, too."""
    dynamodb = Segmented([*range(0, 1_000_000, 10_000), *range(500_001, 505_000)])

    found = picked(dynamodb, 1_000_000)

    assert 20 == len(found.items)
    assert len([key for key in keys_of(found) if 500_000 < key < 505_000]) < 10


def test_the_search_ends():
    """With a filter that nothing passes, in a table without an end."""
    dynamodb = Segmented(range(0, 1_000_000, 5), passes=lambda _: False)

    found = picked(dynamodb, 200_000, filter_arguments={"FilterExpression": "x"})

    assert ([], False) == (found.items, found.is_whole)
    assert 10_000 <= found.scanned <= 11_000


def test_the_search_ends_by_the_clock():
    """Where DynamoDB is slow."""
    times = iter(range(0, 1_000, 3))
    found = picked(Segmented(range(0, 1_000_000, 500)), 0, clock=lambda: next(times))

    assert 0 < len(found.items) < 10
    assert not found.is_whole


def test_a_table_that_vanishes_is_a_sentence(service, path, capsys):
    """Between description and scan."""

    def vanish(name, _):
        if name == "scan":
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Scan")

    service.before = vanish
    assert 1 == tried(path)
    assert "dynamodb:Scan on table orders" in capsys.readouterr().err
