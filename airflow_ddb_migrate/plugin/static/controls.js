// Pause, resume, stop, retune. Each asks for confirmation in the page.

import { byId, make } from "./dom.js";
import { post } from "./net.js";

const REASON = { name: "reason", label: "Reason (saved with the migration)", type: "text" };
const ACTIONS = {
  pause: {
    words:
      "Pause the migration? Workers finish their current writes and stop writing within seconds. " +
      "After an hour on hold, the execution ends. Raised capacity stays raised until then.",
    fields: () => [REASON],
  },
  resume: { words: resumeWords, fields: () => [] },
  stop: {
    words:
      "Stop the migration? Workers end first, then the execution. The DAG run fails and restores " +
      "the capacity. Finished work is kept, and a new attempt can continue with the rest.",
    fields: () => [REASON],
  },
  retune: {
    words:
      "Change the limits of this attempt. Units per second are for the whole migration; 0 means " +
      "no limit. A field that you leave empty does not change.",
    fields: (control) => [
      number("read_units_per_second", "Read units per second", control),
      number("write_units_per_second", "Write units per second", control),
      { name: "max_concurrency", label: "Segments at the same time", type: "number", min: 1 },
      number("max_cost_usd", "Hold at this cost, in US dollars", control),
    ],
  },
};

function number(name, label, control) {
  return { name, label, type: "number", min: 0, hint: control ? control[name] : "" };
}

const names = (holds) => holds.map((hold) => `${hold.kind} (${hold.reason})`).join(" and ");

// Return which holds a resume ends, and which remain.
function resumeWords(view) {
  const left = view.holds.filter((hold) => !hold.resumable);
  const ended = `Resume ends this hold: ${names(view.holds.filter((hold) => hold.resumable))}.`;
  if (left.length) return `${ended} The migration stays on hold for ${names(left)}.`;
  return `${ended} Workers continue where they stopped, within 2 minutes.`;
}

// Return why a button is disabled; empty if it is enabled.
function obstacle(action, view, maySteer) {
  if (!maySteer) return "You can view runs of this DAG, but not change them.";
  if (!view.is_live && (view.outcome !== "WAITING" || action === "retune")) {
    return "The migration is not running.";
  }
  const command = view.control ? view.control.command : "";
  if (command === "STOP") return "The migration is stopping.";
  const isPaused = view.holds.some((hold) => hold.kind === "person");
  if (action === "pause" && isPaused) return "The migration is already paused.";
  if (action !== "resume" || view.holds.some((hold) => hold.resumable)) return "";
  if (view.holds.length) return `No one paused the migration. ${view.holds[0].ends}`;
  return "The migration is not paused.";
}

export class Controls {
  constructor(url, onDone) {
    this.url = url;
    this.onDone = onDone;
    this.view = null;
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => this.ask(button.dataset.action));
    }
    byId("confirm-no").addEventListener("click", () => this.close());
    byId("confirm").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  show(view, maySteer) {
    this.view = view;
    const reasons = new Set();
    for (const button of document.querySelectorAll("[data-action]")) {
      const why = obstacle(button.dataset.action, view, maySteer);
      button.disabled = Boolean(why) || this.busy;
      button.title = why;
      if (why) reasons.add(why);
    }
    const isAll = document.querySelectorAll("[data-action]:not(:disabled)").length === 0;
    byId("why-not").textContent = isAll ? [...reasons][0] || "" : "";
    if (!view.is_live && this.isPassing) byId("answer").textContent = "";
    if (this.action && obstacle(this.action, view, maySteer) && !this.busy) this.close();
  }

  ask(action) {
    this.action = action;
    byId("answer").textContent = "";
    const { words } = ACTIONS[action];
    byId("confirm-words").textContent = typeof words === "string" ? words : words(this.view);
    byId("confirm-yes").textContent = `${action[0].toUpperCase()}${action.slice(1)} migration`;
    byId("confirm-fields").replaceChildren(...ACTIONS[action].fields(this.view.control).map(field));
    byId("confirm").hidden = false;
    (byId("confirm-fields").querySelector("input") || byId("confirm-yes")).focus();
    byId("confirm").scrollIntoView({ block: "nearest" });
  }

  close() {
    this.action = "";
    byId("confirm").hidden = true;
  }

  async send() {
    const { action } = this;
    const body = asked();
    this.busy = true;
    this.isPassing = false;
    this.close();
    byId("answer").textContent = action === "stop" ? "Stopping. Workers end first…" : "…";
    try {
      const answer = await post(`${this.url(this.view.migration_id)}/${action}`, body);
      byId("answer").textContent = answer.words;
      this.isPassing = action !== "stop"; // the answer is outdated once the migration has ended
    } catch (error) {
      byId("answer").textContent = error.message;
    }
    this.busy = false;
    this.onDone();
  }
}

function field({ name, label, type, min, hint }) {
  const box = make("label", label);
  const input = document.createElement("input");
  input.name = name;
  input.type = type;
  if (type === "text") input.maxLength = 300;
  else {
    input.min = min;
    input.step = name === "max_concurrency" ? 1 : "any";
  }
  if (hint !== undefined) input.placeholder = `now ${hint || "no limit"}`;
  box.append(input);
  return box;
}

function asked() {
  const body = {};
  for (const input of byId("confirm-fields").querySelectorAll("input")) {
    if (input.value !== "") {
      body[input.name] = input.type === "number" ? Number(input.value) : input.value;
    }
  }
  return body;
}
