// Tells of matches that came in while the page is open. Without script a reload shows them.
"use strict";

const live = document.getElementById("live");
let stream = null;

function show(event) {
  let link = live.querySelector("a");
  if (!link) {
    link = document.createElement("a");
    link.href = live.dataset.show;
    live.append(link);
  }
  link.textContent = JSON.parse(event.data).text;
}

// only pages in sight listen: a browser has six connections to a server, for all its tabs
function listen() {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (!stream) {
    stream = new EventSource(live.dataset.from);
    stream.addEventListener("matches", show);
  }
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => stream?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) stream = null; // back from the browser's cache: what was open is closed
  listen();
});
