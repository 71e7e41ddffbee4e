"""Every contender of the benchmark does the work that its figures claim."""

import pytest
from tests.campaigns.benchmarks import contenders, ours
from tests.campaigns.benchmarks.canned_process import canned_server
from tests.campaigns.benchmarks.items import KINDS, STAMP, Contents

LOOPS = {
    "ours": ours.loop,
    "put_loop": contenders.put_loop,
    "batch_writer": contenders.batch_writer,
    "update_loop": contenders.update_loop,
}


@pytest.fixture(scope="module")
def server():
    with canned_server() as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LOOPS)
def test_every_item_is_written_once(server, name, kind):
    """Scripts write everything, ours what needs it; the server saw each write, and once."""
    contents = Contents(kind, 60)
    server.asked()
    written = LOOPS[name](server.endpoint_url, contents.name, STAMP)()
    asked = server.asked()
    expected = len(list(contents.prepared())) if name == "ours" else contents.count
    assert (expected,) * 3 == (written, asked.writes, asked.distinct)


@pytest.mark.parametrize("prepare", [ours.write, contenders.update_writes])
def test_prepared_changes_are_written_alone(server, prepare):
    """The writing of prepared changes reads nothing."""
    contents = Contents("mixed", 60)
    server.asked()
    assert 30 == prepare(server.endpoint_url, contents.name, list(contents.prepared()))()
    asked = server.asked()
    assert (30, contents.units_needed) == (asked.distinct, asked.units)
    assert not {"Scan", "Query", "GetItem"} & set(asked.requests)
