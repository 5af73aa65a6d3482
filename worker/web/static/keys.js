// Keys: a match is read, decided and taken back by one key each. Everything they do is also a link
// or a button of the page. They can be turned off in the dialog (WCAG 2.1.4), and none acts while
// somebody types.
"use strict";

const OFF = "seedwatch-keys-off";
const VERDICTS = { r: "relevant", i: "irrelevant", u: "unsure" };
const dialog = document.getElementById("keys");
const list = document.querySelector("form.list");
const rows = [...document.querySelectorAll("li.row")];
const useKeys = document.getElementById("use-keys");
const showKeys = document.getElementById("show-keys");
const tickAll = document.getElementById("tick-all");

function remembered() {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true; // a browser without storage
  }
}

function remember(isOn) {
  try {
    if (isOn) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // holds for this page then
  }
}

const said = document.getElementById("said");

function say(text) {
  said.textContent = text;
}

function isTyping(target) {
  if (target.isContentEditable || target.closest("textarea, select, dialog[open]")) return true;
  const input = target.closest("input");
  return Boolean(input) && input.type !== "checkbox";
}

// the letter on the key, also where the keyboard writes another script
function keyOf(event) {
  if (event.key.length === 1 && event.key.charCodeAt(0) < 128) return event.key.toLowerCase();
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
}

function current() {
  return rows.indexOf(document.activeElement.closest("li.row"));
}

function goTo(index) {
  const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
  row.querySelector("h3 a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  if (rows.length) {
    const at = current();
    goTo(at < 0 ? 0 : at + by);
    return;
  }
  const link = document.querySelector(by > 0 ? 'main a[rel="next"]' : 'main a[rel="prev"]');
  if (link) link.click();
  else say(by > 0 ? said.dataset.last : said.dataset.first);
}

function decide(verdict) {
  if (list && !list.querySelector(".pick input:checked")) {
    const at = current();
    if (at < 0) {
      say(said.dataset.choose);
      return;
    }
    rows[at].querySelector(".pick input").checked = true; // a story's line stands for all of it
    const following = rows[at + 1] ?? rows[at - 1];
    list.elements.at.value = following ? following.id : "";
  }
  const form = list ?? document.querySelector(".decide form");
  form?.querySelector(`button[value="${verdict}"]`).click();
}

const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => rows[current()]?.querySelector(".pick input").click(),
  e: () => rows[current()]?.querySelector("summary")?.click(),
  n: () => document.getElementById("note")?.focus(),
  z: () => {
    const undo = document.querySelector('.flash button[value="undo"]');
    if (undo) undo.click();
    else say(said.dataset.nothing);
  },
  "/": () => {
    const search = document.getElementById("q");
    if (search) search.focus();
    else location.assign("/#q");
  },
  "?": () => dialog.showModal(),
};
for (const [key, verdict] of Object.entries(VERDICTS)) ACTIONS[key] = () => decide(verdict);

function onKey(event) {
  if (event.key === "Escape" && event.target.id === "note") event.target.blur();
  const isOurs = useKeys.checked || event.key === "?";
  if (!isOurs || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = keyOf(event);
  const action = ACTIONS[key];
  if (!action || (event.repeat && key !== "j" && key !== "k")) return;
  event.preventDefault();
  action();
}

function tickAllOrNone() {
  for (const box of list.querySelectorAll("li.row > .pick input")) {
    box.checked = tickAll.firstElementChild.checked;
  }
}

// the row that the server says comes next has the focus again
function restoreFocus() {
  const row = rows.find((one) => `#${one.id}` === location.hash);
  if (row) goTo(rows.indexOf(row));
  if (location.hash === "#q") document.getElementById("q")?.focus();
}

// a status that is there when the page loads is not read out: it is said again
function repeatStatus() {
  const told = document.querySelector(".flash p");
  if (told) setTimeout(() => say(told.textContent.trim()), 300);
}

useKeys.checked = remembered();
useKeys.addEventListener("change", () => remember(useKeys.checked));
showKeys.hidden = false;
showKeys.addEventListener("click", () => dialog.showModal());
if (tickAll) {
  tickAll.hidden = false;
  tickAll.addEventListener("change", tickAllOrNone);
}
document.addEventListener("keydown", onKey);
addEventListener("load", () => setTimeout(restoreFocus)); // after the browser's own jump to it
repeatStatus();
