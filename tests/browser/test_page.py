"""The page in a real browser, with 10,000 lanes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.browser.browser import opened, require_browser, screenshot
from tests.browser.canned import DAG, HOSTILE, MIGRATION, RUN, Canned, serve
from tests.browser.measuring import drawn
from tests.campaigns.benchmarks.goals import GOALS
from tests.support.waiting import HANG_SECONDS

SLOW_MACHINE = 5  # times a goal: more is a fault of the page; make bench has the figures

# Waits for the first picture, then does as a person would.
_PERSON = """
const until = async (is) => { while (!is()) await new Promise((go) => setTimeout(go, 20)); };
const heat = document.getElementById("heat");
const key = (name) => heat.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
await until(() => done.length);
%s
await fetch("/measured", { method: "POST", body: JSON.stringify({ seen }) });
"""


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    require_browser()


@contextmanager
def shown(canned: Canned) -> Iterator[None]:
    with serve(canned) as url, opened(url):
        yield


def seen_by(person: str, **settings: Any) -> tuple[Any, Canned]:
    """Return what a script of a person's doings has put into ``seen``."""
    canned = Canned(script=_PERSON % person, **settings)
    with shown(canned):
        return canned.await_seen(HANG_SECONDS), canned


def test_ten_thousand_lanes_are_drawn_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The figures are printed; five times as long as their goals is no busy machine."""
    first_paint, update = drawn()

    with capsys.disabled():
        print(f"\nfirst picture {first_paint:.0f} ms, update {update:.0f} ms", end=" ")
    assert first_paint <= SLOW_MACHINE * GOALS["page_first_picture_ms"].limit
    assert update <= SLOW_MACHINE * GOALS["page_update_ms"].limit


def test_a_key_with_markup_is_shown_as_text() -> None:
    """Nothing of it becomes an element, and nothing of it runs."""
    seen, _ = seen_by("""
        await until(() => document.getElementById("quarantine-rows").textContent);
        const rows = document.getElementById("quarantine-rows");
        const elements = rows.querySelectorAll("script, img").length;
        const seen = [document.title, elements, rows.textContent];
    """)

    title, elements, text = seen
    assert ("DynamoDB migration", 0) == (title, elements)
    assert HOSTILE.partition('"')[0] in text


def test_why_keys_are_withheld_is_one_sentence() -> None:
    """What the server says ends by itself; what the page says ends, too."""
    words = """
        const words = document.getElementById("quarantine-words");
        await until(() => words.textContent);
        const seen = words.textContent;
    """
    withheld, _ = seen_by(words, quarantine={"unknown": "Keys are withheld."})
    shown, _ = seen_by(words)

    assert withheld.endswith("/quarantine/. Keys are withheld.")
    assert shown.endswith("/quarantine/. Here are the first 2.")


def test_a_lane_shows_its_numbers_by_keyboard() -> None:
    """Arrow keys go from lane to lane, F to a failed one; nobody needs a mouse."""
    seen, _ = seen_by("""
        const lane = document.getElementById("lane");
        heat.focus();
        key("ArrowRight");
        key("ArrowDown");
        const first = lane.textContent;
        key("f");
        await until(() => lane.textContent.includes("Boom"));
        const seen = [first, lane.textContent, heat.getAttribute("aria-label")];
    """)

    first, failed, label = seen
    assert "Segment 0" not in first
    assert ": failed" in failed
    assert "4,800 seen" in failed
    assert "Map of 10000 segments" in label


def test_a_cell_of_several_segments_is_called_a_lane() -> None:
    """Above 10,000 segments a child works through several of them."""
    seen, _ = seen_by(
        """
        heat.focus();
        key("ArrowRight");
        const seen = [document.getElementById("lane").textContent, heat.getAttribute("aria-label")];
        """,
        fields={"total_segments": 25_000},
    )

    lane, label = seen
    assert lane.startswith("Lane 1, 3 segments: ")
    assert "Map of 10000 lanes" in label
    assert "F moves to the next failed lane." in label


def test_the_budget_of_the_past_is_in_the_chart() -> None:
    """As steps beside what is used, also of before the page was opened; a text says the same."""
    seen, _ = seen_by("""
        const chart = document.getElementById("units-chart");
        const { width, height } = chart;
        const pixels = chart.getContext("2d").getImageData(0, 0, width, height).data;
        const wanted = getComputedStyle(document.body).color.match(/[0-9]+/g).map(Number);
        const isInk = (i) => wanted.every((part, place) => pixels[4 * i + place] === part);
        const rows = new Set();
        for (let i = 0; i < width * height; i += 1) {
          if (isInk(i)) rows.add(Math.floor(i / width));
        }
        const seen = [
          chart.getAttribute("aria-label"),
          document.getElementById("units-title").textContent,
          rows.size,
        ];
    """)

    label, title, rows = seen
    assert "Write units per second" == title
    assert re.match(r"Write units per second: 1[12],?[0-9]+ used now\. Budget: 8,000 from ", label)
    assert "12,000 from" in label
    assert "0 (paused or ended) from" in label
    assert 10 < rows, "steps go up and down"


def test_without_a_budget_of_writes_the_chart_is_of_reads() -> None:
    """Whatever bounds the migration is what it shows."""
    steps = [{"at": 1_767_225_700.0, "read": 500.0, "write": None}]
    seen, _ = seen_by(
        """
        const seen = document.getElementById("units-chart").getAttribute("aria-label");
    """,
        fields={"budget": steps},
    )

    assert seen.startswith("Read units per second: ")
    assert "Budget: 500 from" in seen


def test_throttles_and_conflicts_are_shown() -> None:
    """The number as a figure, the reasons in the sentence, and a lane's own at the lane."""
    seen, _ = seen_by("""
        const text = (id) => document.getElementById(id).textContent;
        heat.focus();
        key("f");
        await until(() => text("lane").includes("Boom"));
        const seen = [text("figures"), text("reason"), text("lane")];
    """)

    figures, reason, lane = seen
    assert "Throttled1203 conflicts" in figures
    assert "throttled 120 writes: key range 100, index by_origin" in reason
    assert "throttled 7 writes: key range 7" in lane


def test_a_pause_is_explained() -> None:
    """Under the state; without one nothing is there."""
    words = "On hold since 2026-01-01T00:20:00.000Z: paused by ann."
    seen, _ = seen_by(
        """
        const hold = document.getElementById("hold");
        const seen = [hold.textContent, hold.hidden];
    """,
        fields={"hold": words},
    )

    assert [words, False] == seen


def test_a_first_look_says_how_far_how_long_and_how_much() -> None:
    """Beside the state; parameters and keys are words, no JSON."""
    seen, _ = seen_by("""
        await until(() => document.getElementById("quarantine-rows").textContent);
        const text = (id) => document.getElementById(id).textContent;
        const seen = [text("glance"), text("about"), text("quarantine-rows")];
    """)

    glance, about, keys = seen
    assert re.match(r"[0-9]+ % · .+ left · \$[0-9.]+ of \$67\.30$", glance)
    assert "transform rename_and_split (from: name)" in about
    assert "id: order-81723, at: 17" in keys


def test_the_plan_tells_the_whole_cost_and_then_its_parts() -> None:
    """And when it was made, in the reader's own time zone."""
    seen, _ = seen_by("""
        const seen = document.getElementById("plan-figures").innerText;
    """)

    assert "$67.30: writes $62.50, Lambda $3.10, Step Functions $0.90, reads $0.80" in seen
    assert "2026-01-01T" not in seen


def test_a_hold_stands_beside_the_state() -> None:
    """Its kind, and since when."""
    hold = {"kind": "health", "by": "", "reason": "alarm", "since": 1_767_225_700.0, "ends": ""}
    seen, _ = seen_by(
        """
        const seen = document.getElementById("glance").textContent;
    """,
        fields={"holds": [hold]},
    )

    assert re.search(r"% · on hold \(health\) since [0-9:]+ · \$", seen)


def test_several_holds_are_shown_one_by_one() -> None:
    """With kind, since when, by whom, why, and what ends each; Resume says which it ends."""
    known = {"since": 1_767_226_800.0, "until": 0.0, "ends": "It ends so."}
    holds = [
        {"kind": "person", "by": "ann", "reason": "paused by ann", "resumable": True, **known},
        {"kind": "health", "by": "workers", "reason": "Alarm a.", "resumable": False, **known},
    ]
    seen, _ = seen_by(
        """
        const rows = [...document.querySelectorAll("#holds li")].map((row) => row.textContent);
        document.querySelector("[data-action=resume]").click();
        const asked = document.getElementById("confirm-words").textContent;
        const pause = document.querySelector("[data-action=pause]").title;
        const seen = [rows, asked, pause, document.getElementById("outcome").textContent];
    """,
        fields={"hold": "On hold for 2 reasons", "holds": holds},
    )

    rows, asked, pause, outcome = seen
    assert ["person", "health"] == [row.split(" since ")[0] for row in rows]
    assert rows[1].endswith("by workers: Alarm a. It ends so.")
    assert (
        "Resume ends this hold: person (paused by ann). "
        "The migration stays on hold for health (Alarm a.)." == asked
    )
    assert ["The migration is already paused.", "ON HOLD"] == [pause, outcome]


def test_a_button_asks_before_it_does_anything() -> None:
    """In the page: the tab's frame allows no popups. Then the answer is shown."""
    seen, canned = seen_by("""
        const press = (action) => document.querySelector(`[data-action=${action}]`).click();
        const form = document.getElementById("confirm");
        press("stop");
        const asked = document.getElementById("confirm-words").textContent;
        document.getElementById("confirm-no").click();
        press("pause");
        form.querySelector("input").value = "lunch";
        form.requestSubmit();
        const answer = document.getElementById("answer");
        await until(() => answer.textContent.includes("server"));
        const resume = document.querySelector("[data-action=resume]");
        const seen = [asked, form.hidden, answer.textContent, resume.disabled, resume.title];
    """)

    assert [("pause", {"reason": "lunch"})] == canned.posted
    assert seen[0].startswith("Stop the migration? Workers end first")
    assert [True, "It was done, says the server.", True, "The migration is not paused."] == seen[1:]


def test_figures_are_retuned_one_by_one() -> None:
    """What is left empty is not sent."""
    _, canned = seen_by("""
        document.querySelector("[data-action=retune]").click();
        document.querySelector("input[name=write_units_per_second]").value = "500";
        document.getElementById("confirm").requestSubmit();
        await until(() => document.getElementById("answer").textContent.includes("server"));
        const seen = 1;
    """)

    assert [("retune", {"write_units_per_second": 500})] == canned.posted


def test_nothing_can_be_pressed_when_it_is_over() -> None:
    """The page says why."""
    over = {"is_live": False, "outcome": "SUCCEEDED", "ended_at": 1_767_230_000.0}
    seen, _ = seen_by(
        """
        const seen = [
          document.querySelectorAll("[data-action]:disabled").length,
          document.getElementById("why-not").textContent,
          document.getElementById("outcome").textContent,
        ];
    """,
        fields=over,
    )

    assert [4, "The migration is not running.", "SUCCEEDED"] == seen


def test_airflows_own_switch_between_light_and_dark_is_followed() -> None:
    """It keeps its choice in the storage of the origin that both share."""
    seen, _ = seen_by("""
        const ground = () => getComputedStyle(document.body).backgroundColor;
        const pixel = () => [...heat.getContext("2d").getImageData(1, 1, 1, 1).data].join();
        const seen = [];
        for (const theme of ["dark", "light"]) {
          localStorage.setItem("theme", theme);
          dispatchEvent(new StorageEvent("storage"));
          seen.push(ground(), pixel());
        }
    """)

    assert ("rgb(18, 23, 29)", "rgb(244, 246, 248)") == (seen[0], seen[2])
    assert seen[1] != seen[3]


def test_the_page_can_be_looked_at(tmp_path: Path) -> None:
    """In a light and in a dark system; a picture of either is written, and neither is blank."""
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    with serve(Canned()) as url:
        screenshot(url, light)
        screenshot(url, dark, dark=True)

    assert 50_000 < min(light.stat().st_size, dark.stat().st_size)
    assert light.read_bytes() != dark.read_bytes()


def test_a_run_of_something_else_is_told_kindly() -> None:
    """The tab is on every DAG run."""
    canned = Canned(
        found=False,
        script="""
        const empty = document.getElementById("empty");
        while (empty.hidden) await new Promise((go) => setTimeout(go, 20));
        await fetch("/measured", { method: "POST", body: JSON.stringify({
          seen: empty.textContent }) });
    """,
    )
    with shown(canned):
        seen = canned.await_seen(HANG_SECONDS)

    assert "No migration in this run" in seen


@pytest.mark.parametrize("base", ["", "/tools/ui/airflow", "/ui/a/b/ui"])
def test_airflow_may_lie_below_a_path(base: str) -> None:
    """Also below one that looks like the page's own."""
    canned = Canned(script=_PERSON % 'const seen = document.getElementById("table").textContent;')
    with serve(canned, base) as url, opened(url):
        assert "orders" == canned.await_seen(HANG_SECONDS)


def test_the_list_leads_to_the_tabs() -> None:
    """By table; each migration leads to the tab of the run that started it."""
    canned = Canned(
        script="""
        while (!document.querySelector("td a")) await new Promise((go) => setTimeout(go, 20));
        const texts = (name) => [...document.querySelectorAll(name)].map((one) => one.textContent);
        const links = [...document.querySelectorAll("td a")].map((one) => one.pathname + one.hash);
        await fetch("/measured", { method: "POST", body: JSON.stringify({ seen: {
          tables: texts("h2"), links, title: document.title, words: texts("#words")[0],
          elements: document.querySelectorAll("td img, td script").length } }) });
    """
    )
    with serve(canned) as url, opened(url.split("/ui/")[0] + "/ui"):
        seen = canned.await_seen(HANG_SECONDS)

    run = quote(RUN, safe="")
    assert ["orders", "flights"] == seen["tables"]
    assert f"/ddb-migrate/ui/{DAG}/{run}#{MIGRATION}" == seen["links"][0]
    assert ("DynamoDB migrations", 0) == (seen["title"], seen["elements"])
    assert "2 migrations of 2 tables" in seen["words"]
    assert "Not shown: 3 more DAGs." in seen["words"]


def test_the_list_has_pages() -> None:
    """The newest migrations first; older ones by a button, and back again."""
    canned = Canned(
        script="""
        const words = document.getElementById("words");
        const shows = async (text) => {
          while (!words.textContent.includes(text)) await new Promise((go) => setTimeout(go, 20));
          return ["newest", "older"].map((id) => document.getElementById(id).disabled);
        };
        const first = await shows("2 migrations");
        document.getElementById("older").click();
        const second = await shows("Older: 1 migration of 1 table,");
        document.getElementById("newest").click();
        await shows("2 migrations");
        const body = JSON.stringify({ seen: [first, second] });
        await fetch("/measured", { method: "POST", body });
        """
    )
    with serve(canned) as url, opened(url.split("/ui/")[0] + "/ui"):
        seen = canned.await_seen(HANG_SECONDS)

    assert [[True, False], [False, True]] == seen


def test_an_older_page_that_fails_leads_back_to_the_newest() -> None:
    """Asked again in a while; nobody has to wait for it."""
    canned = Canned(
        fails_older=True,
        script="""
        const [newest, older, words, said] = ["newest", "older", "words", "trouble"].map((id) =>
          document.getElementById(id));
        const until = async (is) => {
          while (!is()) await new Promise((go) => setTimeout(go, 20));
        };
        await until(() => words.textContent.includes("2 migrations"));
        older.click();
        await until(() => said.textContent.includes("502"));
        const isDisabled = newest.disabled;
        newest.click();
        await until(() => !said.textContent.includes("502") || isDisabled);
        const body = JSON.stringify({ seen: [isDisabled, newest.disabled, older.disabled] });
        await fetch("/measured", { method: "POST", body });
        """,
    )
    with serve(canned) as url, opened(url.split("/ui/")[0] + "/ui"):
        seen = canned.await_seen(HANG_SECONDS)

    assert [False, True, False] == seen
