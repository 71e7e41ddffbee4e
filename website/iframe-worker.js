// A page that was opened from the file system may start no Worker. This one runs a worker's script
// in a hidden frame, so that the search works there without a network. mkdocs-material's offline
// plugin would load another one from the internet.
"use strict";

if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #inside;
    #waiting = [];

    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = async (...addresses) => {
        for (const each of addresses) await load(inside, new URL(each, address));
      };
      load(inside, address).then(() => {
        this.#inside = inside;
        this.#waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }

    postMessage(data) {
      if (this.#inside) this.#inside.dispatchEvent(new MessageEvent("message", { data }));
      else this.#waiting.push(data);
    }
  };

  const load = (inside, address) =>
    new Promise((loaded, failed) => {
      const script = inside.document.createElement("script");
      Object.assign(script, { src: address, onload: loaded, onerror: failed });
      inside.document.body.append(script);
    });
}
