// Requests to the plugin, and a loop that repeats them: more slowly after errors, never when hidden.

const SLOWEST_SECONDS = 60;

export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(response) {
  const isJson = (response.headers.get("content-type") || "").startsWith("application/json");
  const body = isJson ? await response.json() : {};
  if (response.ok) return body;
  const detail = typeof body.detail === "string" ? body.detail : response.statusText;
  throw new RequestError(response.status, `${response.status}: ${detail}`);
}

export const get = async (url) => answer(await fetch(url, { credentials: "same-origin" }));

export const post = async (url, body) =>
  answer(
    await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-DDB-Migrate": "1" },
      body: JSON.stringify(body),
    }),
  );

// `look` returns the seconds until the next round. Returns a function that starts a round now.
export function loop(look, onError) {
  let timer = 0;
  let failures = 0;
  let busy = false;
  let again = false;

  async function turn() {
    clearTimeout(timer);
    if (document.hidden) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    let seconds;
    try {
      seconds = await look();
      failures = 0;
      onError(null);
    } catch (error) {
      failures += 1;
      seconds = Math.min(SLOWEST_SECONDS, 3 * 2 ** failures);
      onError(error, seconds);
    }
    busy = false;
    timer = setTimeout(turn, again ? 0 : seconds * 1000);
    again = false;
  }

  document.addEventListener("visibilitychange", turn);
  turn();
  return turn;
}
