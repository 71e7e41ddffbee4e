// The tab of one DAG run. It asks for the current state every few seconds and shows it.

import { Curves } from "./curves.js";
import { Controls } from "./controls.js";
import { byId, clock, count, dollars, duration, make, pairs, rate, row, trouble, when } from "./dom.js";
import { HeatMap } from "./heatmap.js";
import { get, loop } from "./net.js";
import { onTheme } from "./theme.js";

const LIVE_SECONDS = 3;
const OVER_SECONDS = 30;
const EMPTY_SECONDS = 10;
const LIST_EVERY = 10; // rounds: a run with mapped tasks may start more migrations later
const HOVER_MS = 120;

// Airflow's own path may contain /ui/. The last two parts are the DAG and the run.
const [, base, place] = location.pathname.match(/^(.*)\/ui\/([^/]+\/[^/]+)\/?$/);
const run = `${base}/api/${place}/migrations`;
const [dagId, runId] = place.split("/").map(decodeURIComponent);
const here = `DAG ${dagId}, run ${runId}`;
const one = (id) => `${run}/${encodeURIComponent(id)}`;

const state = { id: location.hash.slice(1), known: [], maySteer: false, looks: 0, quarantined: -1 };
const curves = new Curves(byId("items-chart"), byId("units-chart"));
let hover = 0;

const heat = new HeatMap(byId("heat"), byId("legend"), showLane);
const controls = new Controls(one, () => look());
const look = loop(lookOnce, (error, seconds) => {
  trouble(error ? `${error.message} Trying again in ${seconds} s.` : "");
});

byId("choice").addEventListener("change", (event) => choose(event.target.value));
new ResizeObserver(() => curves.draw()).observe(byId("items-chart").parentElement);
onTheme(() => curves.draw());

async function lookOnce() {
  if (state.looks % LIST_EVERY === 0 || !state.id) await lookForMigrations();
  state.looks += 1;
  if (!state.id) return EMPTY_SECONDS;
  const view = await get(one(state.id));
  if (view.migration_id !== state.id) return 0;
  performance.mark("ddb-render");
  show(view);
  requestAnimationFrame(() => {
    setTimeout(() => performance.measure("ddb-rendered", "ddb-render"));
  });
  if (heat.selected >= 0) askLane(heat.selected);
  await lookAtQuarantine(view);
  return view.is_live || view.outcome === "DRAINING" || !view.attempt ? LIVE_SECONDS : OVER_SECONDS;
}

async function lookForMigrations() {
  const answer = await get(run);
  state.known = answer.migrations.map((found) => found.migration_id);
  state.maySteer = answer.may_steer;
  if (!state.id && state.known.length) [state.id] = state.known;
  byId("empty").hidden = Boolean(state.id);
  byId("migration").hidden = !state.id;
  byId("empty-words").textContent =
    "No task of this DAG run has planned or started a migration of a DynamoDB table yet.";
}

function choose(id) {
  state.id = id;
  state.quarantined = -1;
  location.hash = id;
  curves.clear();
  look();
}

async function lookAtQuarantine(view) {
  const number = view.counts.quarantined;
  byId("quarantine").hidden = !number;
  if (!number || number === state.quarantined) return;
  const found = await get(`${one(view.migration_id)}/quarantine`);
  state.quarantined = number;
  const first = found.unknown || `Here are the first ${count(found.rows.length)}.`;
  byId("quarantine-words").textContent =
    `${count(number)} items are in quarantine and were not changed. They are listed under ${found.where}. ${first}`;
  byId("quarantine-rows").replaceChildren(
    ...found.rows.map((item) =>
      row(make("code", keyWords(item.key)), item.error_class, item.message, `${item.segment}`),
    ),
  );
}

function show(view) {
  curves.add(view);
  showHeader(view);
  pairs(byId("figures"), figures(view));
  heat.show(view.lanes, view.total_segments);
  curves.draw();
  controls.show(view, state.maySteer);
  showEvents(view.events);
  showParts(view.parts);
  showPlan(view.plan);
}

const letters = (view, letter) => view.lanes.split(letter).length - 1;

function showHeader(view) {
  byId("table").textContent = view.table;
  const outcome = view.is_live && isHeld(view) ? "ON HOLD" : view.outcome.replaceAll("_", " ");
  byId("outcome").textContent = outcome;
  byId("outcome").dataset.outcome = outcome;
  byId("glance").textContent = glance(view);
  byId("reason").textContent = view.reason;
  byId("hold").hidden = !view.hold;
  byId("hold").textContent = view.hold;
  showHolds(view.holds);
  byId("capacity").hidden = !view.capacity;
  byId("capacity").textContent = view.capacity ? `Capacity: ${view.capacity}` : "";
  byId("about").textContent = [
    view.migration_id,
    view.mode && `${view.mode}${view.of ? ` of ${view.of}` : ""}`,
    view.transform && `transform ${view.transform}${given(view.params)}`,
    view.started_by && view.started_by !== here && `by ${view.started_by}`,
    view.started_at && when(view.started_at),
    view.attempt && `attempt ${view.attempt}`,
    view.withheld,
  ]
    .filter(Boolean)
    .join(" · ");
  byId("progress").value = view.in_scope ? letters(view, "d") / view.lanes.length : 0;
  showChoice(view);
}

// The most important facts: progress, time left or why the migration waits, and cost.
function glance(view) {
  const { dollars: spent, planned_dollars: all } = view.pulse || {};
  const parts = [
    view.lanes.length ? `${percent(view)} %` : "",
    isHeld(view) && (view.is_live || view.outcome === "WAITING") ? held(view.holds) : timeLeft(view, view.pulse || {}),
    isKnown(spent) ? `${dollars(spent)}${isKnown(all) ? ` of ${dollars(all)}` : ""}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

function held(holds) {
  const first = holds.reduce((one, other) => (other.since < one.since ? other : one));
  return `on hold (${holds.map((hold) => hold.kind).join(" and ")}) since ${clock(first.since)}`;
}

// Parameters and keys as text: `from: name` instead of JSON.
const given = (params) => {
  const words = Object.entries(JSON.parse(params || "{}")).map(([name, value]) => `${name}: ${plain(value)}`);
  return words.length ? ` (${words.join(", ")})` : "";
};
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const keyWords = (key) =>
  Object.entries(key)
    .map(([name, typed]) => `${name}: ${Object.values(typed)[0]}`)
    .join(", ");

// A single hold is in the sentence above.
function showHolds(holds) {
  byId("holds").hidden = holds.length < 2;
  byId("holds").replaceChildren(
    ...holds.map((hold) => {
      const item = make("li", "");
      item.append(make("b", hold.kind), ` since ${clock(hold.since)}`);
      item.append(`${hold.by ? ` by ${hold.by}` : ""}: ${hold.reason} ${hold.ends}`);
      item.title = when(hold.since);
      return item;
    }),
  );
}

function showChoice(view) {
  const parts = view.parts.map((part) => part.migration_id).filter((id) => id.startsWith(view.migration_id));
  const ids = [...new Set([...state.known, view.migration_id, ...parts])];
  byId("chooser").hidden = ids.length < 2;
  const select = byId("choice");
  if (ids.join() !== [...select.options].map((option) => option.value).join()) {
    select.replaceChildren(...ids.map((id) => Object.assign(make("option", id), { value: id })));
  }
  select.value = view.migration_id;
}

function figures(view) {
  const pulse = view.pulse || {};
  const items = view.is_live ? pulse.items_now : null;
  return [
    ["Segments done", count(letters(view, "d")), share(view)],
    ["Items seen", count(view.counts.seen), view.plan.items ? `of about ${count(view.plan.items)}` : ""],
    ["Changed", count(view.counts.changed + view.counts.deleted), others(view.counts)],
    ["Items per second", known(items, rate), timeLeft(view, pulse)],
    ["Read units", perSecond(view, pulse.read_now, "read"), budget(view, pulse, "read")],
    ["Write units", perSecond(view, pulse.written_now, "written"), budget(view, pulse, "write")],
    ["Throttled", count(throttled(view)), conflicts(view)], // the sentence above has the reasons
    ["Workers", view.is_live ? known(pulse.workers, count) : "–", view.is_live ? "running" : ""],
    ["Cost so far", known(pulse.dollars, dollars), planned(pulse)],
  ];
}

const isKnown = (value) => value !== null && value !== undefined;
const known = (value, words) => (isKnown(value) ? words(value) : "–");

const planned = ({ planned_dollars: value }) => (isKnown(value) ? `of ${dollars(value)} planned` : "");

const conflicts = (view) => (view.conflicts ? `${count(view.conflicts)} conflicts` : "");
const throttled = (view) => Object.values(view.throttles).reduce((sum, number) => sum + number, 0);

const percent = (view) => Math.floor((100 * letters(view, "d")) / view.lanes.length);
const share = (view) =>
  view.lanes.length ? `of ${count(view.lanes.length)}: ${percent(view)} %` : "";

function others(counts) {
  const known = ["seen", "changed", "deleted"];
  return Object.entries(counts)
    .filter(([name, value]) => value && !known.includes(name))
    .map(([name, value]) => `${count(value)} ${name}`)
    .join(", ");
}

const isHeld = (view) => view.holds.length > 0;

function timeLeft(view, pulse) {
  if (!view.is_live) return view.ended_at ? `ended ${when(view.ended_at)}` : "";
  if (isHeld(view)) return "on hold";
  const left = pulse.seconds_left;
  if (!left) return "time left: unknown";
  const [least, most] = left.map(duration);
  return least === most ? `about ${least} left` : `${least} to ${most} left`;
}

const perSecond = (view, now, name) =>
  view.is_live ? known(now, (units) => `${rate(units)} /s`) : count(view.units[name]);

function budget(view, pulse, verb) {
  if (!view.is_live) return "in total";
  const [units, part] = [pulse[`${verb}_units_per_second`], pulse[`${verb}_share`]];
  if (!units) return "no limit";
  return `budget ${rate(units)} /s${isKnown(part) ? `, ${Math.round(100 * part)} % used` : ""}`;
}

function showEvents(events) {
  byId("events").replaceChildren(
    ...events.toReversed().map((event) => {
      const item = document.createElement("li");
      const head = make("b", event.what.toLowerCase());
      item.append(make("time", clock(event.at)), " ", head, ` by ${event.by}${event.caller ? ` [${event.caller}]` : ""}`, make("p", event.words));
      item.title = when(event.at);
      return item;
    }),
  );
  if (!events.length) byId("events").append(make("li", "No events yet.", "quiet"));
}

function showParts(parts) {
  byId("parts").hidden = !parts.length;
  byId("parts-rows").replaceChildren(
    ...parts.map((part) =>
      row(
        make("code", part.migration_id),
        part.mode.toLowerCase().replaceAll("_", " "),
        part.status,
        `${count(part.counts.seen)} seen, ${count(part.counts.changed)} changed`,
        part.started_at,
      ),
    ),
  );
}

function showPlan(plan) {
  byId("plan").hidden = plan.items === undefined;
  if (plan.items === undefined) return;
  pairs(byId("plan-figures"), [
    ["Items", `about ${count(plan.items)}`],
    ["Segments", `${count(plan.total_segments)}, ${count(plan.max_concurrency)} at a time`],
    ["Budget", `${budgetWords(plan.read_units_per_second)} read, ${budgetWords(plan.write_units_per_second)} written`],
    ["Units", `${count(plan.read_units)} read, ${count(plan.write_units)} written`],
    ["Time", `${duration(plan.seconds.low)} to ${duration(plan.seconds.high)}, limited by ${plan.bound_by}`],
    ["Cost", [dollars(plan.total_cost_usd), plan.cost_parts].filter(Boolean).join(": ")],
    ["Planned", `${when(Date.parse(plan.planned_at_iso) / 1000)} by ${plan.planned_by}`],
  ]);
  byId("plan-words").replaceChildren(
    ...plan.raises.map((words) => make("li", words)),
    ...plan.warnings.map((words) => make("li", words, "note")),
    ...plan.unknown.map((words) => make("li", words, "quiet")),
  );
}

const budgetWords = (units) => (units ? `${rate(units)} /s` : "no limit");

function showLane(lane, name) {
  clearTimeout(hover);
  const box = byId("lane");
  if (lane === null) {
    box.replaceChildren();
    return;
  }
  box.replaceChildren(make("b", `${heat.nameOf(lane)}: ${name}`));
  hover = setTimeout(() => askLane(lane), HOVER_MS);
}

async function askLane(lane) {
  try {
    const found = await get(`${one(state.id)}/lanes/${lane}`);
    if (heat.selected === lane) byId("lane").replaceChildren(...laneWords(found));
  } catch (error) {
    if (heat.selected === lane) byId("lane").append(` ${error.message}`);
  }
}

function laneWords(found) {
  const counts = Object.entries(found.counts)
    .filter(([, value]) => value)
    .map(([name, value]) => `${count(value)} ${name}`)
    .join(", ");
  const words = [
    found.segment === found.lane ? "" : `now at segment ${count(found.segment)}`, // of several
    counts || "no items yet",
    `${rate(found.units.read)} read and ${rate(found.units.written)} write units`,
    `${count(found.laps)} Lambda invocations, ${duration(found.worked_seconds)} of work`,
    found.trouble,
    found.updated_at ? `saved ${clock(found.updated_at)}` : "",
  ];
  const head = make("b", `${heat.nameOf(found.lane)}: ${found.state.toLowerCase()}`);
  const parts = [head, ` · ${words.filter(Boolean).join(" · ")}`];
  if (found.error) parts.push(make("p", `${found.error}: ${found.cause}`, "note"));
  return parts;
}
