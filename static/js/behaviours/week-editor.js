// The week as it is being edited: seven lists of [from, to] in minutes, undo and redo, and the from–to fields,
// which are what is sent. The grid (week-grid.js) and saving (week-save.js) talk to it by events on the form:
//   week:show   {days, saved}         from here: this is how it stands
//   week:set    {days, said}          to here: somebody painted
//   week:load   {days, saved, fresh}  to here: the server answered; fresh forgets nothing but the marks

import { open } from "../windows.js";

const form = document.querySelector("[data-week-editor]");
const pad = (number) => String(number).padStart(2, "0");
const clock = (minute) => `${pad(Math.floor(minute / 60) % 24)}:${pad(minute % 60)}`;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const copy = (days) => days.map((day) => day.map(([low, high]) => [low, high]));

if (form) edit(JSON.parse(document.getElementById("week-state").textContent));

function edit(state) {
  let days = copy(state.days);
  let saved = copy(state.saved);
  const past = [];
  const future = [];
  const undo = form.querySelector("[data-week-undo]");
  const redo = form.querySelector("[data-week-redo]");
  const note = form.querySelector("[data-dirty-note]");
  const boxes = [...form.querySelectorAll("[data-day]")];

  function change(next, said = "") {
    next = next.map((day, n) => (state.columns[n].locked ? days[n] : day));
    if (same(next, days)) return;
    past.push(days);
    future.length = 0;
    days = copy(next);
    show();
    say(said);
  }

  function show() {
    boxes.forEach((box, n) => writeRows(box, days[n]));
    undo.setAttribute("aria-disabled", String(!past.length));
    redo.setAttribute("aria-disabled", String(!future.length));
    const dirty = !same(days, saved);
    note.hidden = !dirty;
    note.textContent = form.dataset.unsavedNote;
    // dirty.js asks before leaving a form that changed and forgets it when it is sent.
    form.dispatchEvent(new Event(dirty ? "change" : "week:clean", { bubbles: true }));
    form.dispatchEvent(new CustomEvent("week:show", { detail: { days: copy(days), saved: copy(saved) } }));
  }

  function step(from, to, said) {
    if (!from.length) return;
    to.push(days);
    days = from.pop();
    show();
    say(said);
  }

  const rowsOf = (box) => [...box.querySelectorAll("[data-row]")];
  const fields = (row) => [...row.querySelectorAll("input[type=time]")];
  const minutes = (text) => (text ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5)) : null);

  function windowOf(row) {
    const [low, high] = fields(row).map((field) => minutes(field.value));
    if (low === null || high === null) return null;
    return [low, high === 0 ? 1440 : high];
  }

  function readRows(box) {
    const read = rowsOf(box).map(windowOf).filter((window) => window && window[0] < window[1]);
    return read.sort((one, other) => one[0] - other[0]);
  }

  // Rows that are not complete stay: somebody is typing there.
  function writeRows(box, windows) {
    if (!box.querySelector("[data-day-rows]") || same(readRows(box), windows)) return;
    const whole = rowsOf(box).filter((row) => windowOf(row));
    const list = box.querySelector("[data-day-rows]");
    windows.forEach(([low, high], n) => {
      const row = whole[n] ?? addRow(box);
      const [from, to] = fields(row);
      [from.value, to.value] = [clock(low), clock(high)];
      for (const field of [from, to]) field.removeAttribute("aria-invalid");
      if (!whole[n]) list.insertBefore(row, list.querySelector("[data-row-blank]"));
    });
    whole.slice(windows.length).forEach((row) => row.remove());
  }

  function addRow(box) {
    const row = box.querySelector("[data-row-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-day-remove]").hidden = false;
    box.querySelector("[data-day-rows]").append(row);
    return row;
  }

  form.addEventListener("change", (event) => {
    const box = event.target.closest?.("[data-day]");
    if (!box || !event.target.matches("input[type=time]")) return;
    const n = Number(box.dataset.day);
    change(days.map((day, other) => (other === n ? readRows(box) : day)));
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const box = button.closest("[data-day]");
    if (button.matches("[data-day-add]")) {
      const blank = rowsOf(box).find((row) => row.hidden);
      if (blank) blank.hidden = false;
      fields(blank ?? addRow(box))[0].focus();
    } else if (button.matches("[data-day-remove]")) {
      const row = button.closest("[data-row]");
      for (const field of fields(row)) field.value = "";
      if (row.matches("[data-row-blank]")) row.hidden = true;
      else row.remove();
      const n = Number(box.dataset.day);
      change(days.map((day, other) => (other === n ? readRows(box) : day)));
      box.querySelector("[data-day-add]").focus();
    } else if (button.matches("[data-week-undo]")) step(past, future, button.textContent.trim());
    else if (button.matches("[data-week-redo]")) step(future, past, button.textContent.trim());
    else if (button.matches("[data-week-clear]")) change(days.map(() => []), button.textContent.trim());
    else if (button.matches("[data-week-copy]")) change(copy(state.before), button.textContent.trim());
    else if (button.matches("[data-week-preset]")) preset(button);
    else return;
    event.preventDefault();
  });

  function preset(button) {
    const chosen = state.presets[button.dataset.weekPreset];
    const [low, high] = chosen.window;
    change(days.map((day, n) => (chosen.days.includes(n) ? open(day, low, high) : day)), button.textContent.trim());
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.target.matches?.("input[type=number], input[type=search], textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) step(past, future, undo.textContent.trim());
    else if ((key === "z" && event.shiftKey) || key === "y") step(future, past, redo.textContent.trim());
    else return;
    event.preventDefault();
  });

  form.addEventListener("week:set", (event) => change(event.detail.days, event.detail.said));
  form.addEventListener("week:load", (event) => {
    if (event.detail.saved) saved = copy(event.detail.saved);
    if (!same(days, event.detail.days)) past.push(days);
    days = copy(event.detail.days);
    show();
  });

  for (const button of form.querySelectorAll("[data-day-add], [data-day-remove]")) button.hidden = false;
  for (const row of form.querySelectorAll("[data-row-blank]")) row.hidden = !fields(row).some((field) => field.value);
  form.querySelector("[data-week-history]").hidden = false;
  form.querySelector("[data-week-hint]").hidden = true;
  // After every module has run: the grid listens, and so does dirty.js.
  addEventListener("DOMContentLoaded", show);
}

function say(text) {
  if (text) document.getElementById("live").textContent = text;
}
