// The migrations in the ledger, by table, of the DAGs whose runs the user may see.

import { byId, count, dollars, make, row, trouble, when } from "./dom.js";
import { get, loop } from "./net.js";

const SECONDS = 60;
const base = location.pathname.replace(/\/ui\/?$/, "");
const HEADS = ["Migration", "Mode and transform", "Result", "Items", "Cost", "Started", "Started by"];

let before = ""; // the page begins after this migration
let older = "";

const look = loop(lookOnce, (error, seconds) => {
  trouble(error ? `${error.message} Trying again in ${seconds} s.` : "");
});

byId("newest").addEventListener("click", () => turnTo(""));
byId("older").addEventListener("click", () => turnTo(older));

function turnTo(place) {
  before = place;
  byId("newest").disabled = !before; // even if the request fails
  look();
}

const many = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

async function lookOnce() {
  const asked = before;
  const answer = await get(`${base}/api/list?before=${encodeURIComponent(asked)}`);
  if (asked !== before) return 0;
  older = answer.older;
  byId("older").disabled = !older;
  const tables = Map.groupBy(answer.migrations, (one) => one.table_arn.split("/").pop());
  byId("tables").replaceChildren(...[...tables].flatMap(([name, rows]) => [make("h2", name), table(rows)]));
  byId("words").textContent =
    `${before ? "Older: " : ""}${many(answer.migrations.length, "migration")} of ` +
    `${many(tables.size, "table")}, from DAGs whose runs you may view.` +
    (answer.dags_left_out
      ? ` Not shown: ${many(answer.dags_left_out, "more DAG")}. ddb-migrate history --table TABLE lists all migrations of a table.`
      : "");
  return SECONDS;
}

function table(rows) {
  const element = document.createElement("table");
  const head = document.createElement("tr");
  head.append(...HEADS.map((words) => make("th", words)));
  const body = document.createElement("tbody");
  body.append(...rows.map(line));
  element.append(document.createElement("thead"), body);
  element.tHead.append(head);
  return element;
}

function line(one) {
  const what = one.mode.toLowerCase().replaceAll("_", " ") + (one.of ? ` of ${one.of}` : "");
  const items = `${count(one.counts.seen)} seen, ${count(one.counts.changed)} changed`;
  const result = one.result || "not ended";
  return row(link(one), `${what}, ${one.transform}`, result, items, dollars(one.dollars), when(one.started_at), one.started_by);
}

function link(one) {
  const element = make("a", one.migration_id);
  const where = [one.dag_id, one.run_id].map(encodeURIComponent).join("/");
  element.href = `${base}/ui/${where}#${one.migration_id}`;
  return element;
}
