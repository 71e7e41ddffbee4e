// Pause, resume, stop, retune: each asks once more, in the page, before it is done.

import { byId, make } from "./dom.js";
import { post } from "./net.js";

const REASON = { name: "reason", label: "Reason (kept with the migration)", type: "text" };
const ACTIONS = {
  pause: {
    words:
      "Pause: workers settle what they have in hand and write nothing more within seconds. After " +
      "an hour on hold the execution ends by itself; raised capacity stays raised until then.",
    fields: () => [REASON],
  },
  resume: { words: resumeWords, fields: () => [] },
  stop: {
    words:
      "Stop: workers end first, then the execution; the DAG run fails and restores the capacity. " +
      "What is done stays done, and a new attempt goes on with the rest.",
    fields: () => [REASON],
  },
  retune: {
    words:
      "Retune this attempt. Units per second are those of the whole migration, 0 for no budget; " +
      "what is left empty stays as it is.",
    fields: (control) => [
      number("read_units_per_second", "Read units per second", control),
      number("write_units_per_second", "Write units per second", control),
      { name: "max_concurrency", label: "Segments at a time", type: "number", min: 1 },
      number("max_cost_usd", "Hold at this cost in US dollars", control),
    ],
  },
};

function number(name, label, control) {
  return { name, label, type: "number", min: 0, hint: control ? control[name] : "" };
}

const names = (holds) => holds.map((hold) => `${hold.kind} (${hold.reason})`).join(" and ");

// Say which holds it ends, and which it does not.
function resumeWords(view) {
  const left = view.holds.filter((hold) => !hold.resumable);
  const ended = `Resume ends: ${names(view.holds.filter((hold) => hold.resumable))}.`;
  if (left.length) return `${ended} It stays on hold for ${names(left)}.`;
  return `${ended} Workers go on where they were, each within 2 minutes.`;
}

// Say why a button cannot be pressed; empty: it can.
function obstacle(action, view, maySteer) {
  if (!maySteer) return "You may look, and not change runs of this DAG.";
  if (!view.is_live && (view.outcome !== "WAITING" || action === "retune")) return "Nothing runs.";
  const command = view.control ? view.control.command : "";
  if (command === "STOP") return "It is being stopped.";
  const isPaused = view.holds.some((hold) => hold.kind === "person");
  if (action === "pause" && isPaused) return "It is paused already.";
  if (action !== "resume" || view.holds.some((hold) => hold.resumable)) return "";
  if (view.holds.length) return `No person paused it. ${view.holds[0].ends}`;
  return "It is not paused.";
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
    byId("confirm-yes").textContent = `${action[0].toUpperCase()}${action.slice(1)} it`;
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
    byId("answer").textContent = action === "stop" ? "Stopping; its workers end first…" : "…";
    try {
      const answer = await post(`${this.url(this.view.migration_id)}/${action}`, body);
      byId("answer").textContent = answer.words;
      this.isPassing = action !== "stop"; // what it says holds no longer when all is over
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
  if (hint !== undefined) input.placeholder = `now ${hint || "none"}`;
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
