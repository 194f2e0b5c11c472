// The grid over the week's fields: half-hours down, days across, painted by mouse, finger, pen or keyboard.
// It follows the ARIA grid pattern: one cell is in the tab order, arrows move, Shift with arrows selects,
// Space opens or closes what is selected. What takes time already is drawn in and cannot be painted over.
import { open, shut } from "../windows.js";

const form = document.querySelector("[data-week-editor]");
const box = form?.querySelector("[data-week-grid]");
const wide = matchMedia("(min-width: 48rem)");
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
// The hours shown where nothing lies outside them.
const DAY = [7 * 60, 21 * 60];

if (box) mount(JSON.parse(document.getElementById("week-state").textContent));

function mount(state) {
  const words = box.dataset;
  const { cell, columns } = state;
  const count = 1440 / cell;
  let days = state.days;
  let saved = state.saved;
  let rows = [];
  let focus = [0, 0];
  let anchor = null;
  let painting = null;

  const time = (minute) => {
    if (minute === 1440) return words.midnight;
    const hour = Math.floor(minute / 60);
    return `${hour % 12 || 12}:${String(minute % 60).padStart(2, "0")} ${hour < 12 ? "am" : "pm"}`;
  };
  const span = (low, high) => `${time(low)} ${words.to} ${time(high)}`;
  const blockAt = (n, low) => columns[n].blocks.find((one) => one.low < low + cell && one.high > low);
  const locked = (n, low) => columns[n].locked || blockAt(n, low);
  const within = (windows, low) =>
    windows.map(([a, b]) => [Math.max(a, low), Math.min(b, low + cell)]).filter(([a, b]) => a < b);

  function stateOf(windows, low) {
    const parts = within(windows, low);
    const open = parts.reduce((sum, [a, b]) => sum + b - a, 0);
    return { parts, kind: open >= cell ? "open" : open ? "partly" : "closed" };
  }

  function make(tag, attributes = {}, text = "") {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  }

  function build() {
    const table = make("table", { role: "grid", "aria-label": words.label, "aria-multiselectable": "true", class: "week-grid" });
    const head = table.createTHead().insertRow();
    head.setAttribute("role", "row");
    head.append(make("th", { scope: "col", role: "columnheader", class: "corner" }));
    head.firstChild.append(make("span", { class: "sr-only" }, words.time));
    columns.forEach((column) => {
      const th = make("th", { scope: "col", role: "columnheader", "aria-label": column.name });
      th.append(make("span", {}, column.short), make("b", {}, column.date));
      if (column.locked) th.classList.add("over");
      head.append(th);
    });
    const body = table.createTBody();
    rows = Array.from({ length: count }, (_, r) => {
      const row = body.insertRow();
      row.setAttribute("role", "row");
      if ((r * cell) % 60 === 0) row.className = "hour";
      row.append(make("th", { scope: "row", role: "rowheader" }, time(r * cell)));
      return columns.map((column, n) => {
        const td = make("td", { role: "gridcell", tabindex: "-1", "data-row": r, "data-column": n });
        row.append(td);
        return td;
      });
    });
    columns.forEach((column, n) => column.blocks.forEach((one) => drawBlock(n, one)));
    const early = make("button", { type: "button", class: "plain", "data-fold": "early" }, words.early);
    const late = make("button", { type: "button", class: "plain", "data-fold": "late" }, words.late);
    box.append(early, table, late);
    for (const button of [early, late]) button.addEventListener("click", () => unfold(button));
  }

  function drawBlock(n, one) {
    const first = Math.floor(one.low / cell);
    const drawn = make(one.url ? "a" : "span", { class: `week-block ${one.kind}` });
    if (one.url) {
      drawn.href = one.url;
      drawn.tabIndex = -1;
    } else drawn.setAttribute("aria-hidden", "true");
    drawn.append(make("span", {}, one.text || words[one.kind]));
    drawn.style.setProperty("--at", (one.low - first * cell) / cell);
    drawn.style.setProperty("--cells", (one.high - one.low) / cell);
    rows[first][n].append(drawn);
  }

  // Rows from the first hour that matters to the last; the rest is folded away until asked for.
  function fold() {
    const edges = columns.flatMap((column, n) => [
      ...days[n].flat(), ...column.blocks.filter((one) => one.url).flatMap((one) => [one.low, one.high]),
    ]);
    const low = Math.floor(Math.min(DAY[0], ...edges) / 60) * 60;
    const high = Math.ceil(Math.max(DAY[1], ...edges) / 60) * 60;
    rows.forEach((row, r) => {
      row[0].parentElement.hidden = r * cell < low || r * cell >= high;
    });
    box.querySelector("[data-fold=early]").hidden = low === 0;
    box.querySelector("[data-fold=late]").hidden = high === 1440;
    focus = [Math.max(low, 9 * 60) / cell, 0];
  }

  function unfold(button) {
    const early = button.dataset.fold === "early";
    const shown = rows.findIndex((row) => !row[0].parentElement.hidden);
    rows.forEach((row, r) => {
      if (early ? r < shown : r > shown) row[0].parentElement.hidden = false;
    });
    button.hidden = true;
    rove(early ? [0, focus[1]] : [count - 1, focus[1]], true);
  }

  function draw() {
    const chosen = selection();
    rows.forEach((row, r) => row.forEach((td, n) => {
      const low = r * cell;
      const now = stateOf(days[n], low);
      const block = blockAt(n, low);
      const kind = now.kind;
      const changed = kind !== stateOf(saved[n], low).kind || JSON.stringify(now.parts) !== JSON.stringify(within(saved[n], low));
      td.dataset.state = kind;
      td.classList.toggle("changed", changed);
      td.classList.toggle("taken", Boolean(block));
      td.classList.toggle("over", columns[n].locked);
      if (kind === "partly") {
        td.style.setProperty("--from", `${((now.parts[0][0] - low) * 100) / cell}%`);
        td.style.setProperty("--until", `${((now.parts.at(-1)[1] - low) * 100) / cell}%`);
      }
      const parts = [columns[n].name, span(low, low + cell)];
      if (block) parts.push([words[block.kind], block.text, span(block.low, block.high)].filter(Boolean).join(" "));
      else parts.push(kind === "partly" ? `${words.partly}: ${now.parts.map(([a, b]) => span(a, b)).join(", ")}` : words[kind]);
      if (columns[n].locked) parts.push(words.over);
      if (changed) parts.push(words.changed);
      td.setAttribute("aria-label", parts.join(", "));
      td.setAttribute("aria-selected", String(chosen.has(td)));
      // Not disabled, which would go for the link in it as well.
      td.setAttribute("aria-readonly", String(Boolean(locked(n, low))));
      td.tabIndex = r === focus[0] && n === focus[1] ? 0 : -1;
    }));
  }

  function selection() {
    if (!anchor) return new Set();
    return new Set(rectangle(anchor, focus).map(([r, n]) => rows[r][n]));
  }

  function rectangle([r1, n1], [r2, n2]) {
    const found = [];
    for (let r = Math.min(r1, r2); r <= Math.max(r1, r2); r += 1) {
      for (let n = Math.min(n1, n2); n <= Math.max(n1, n2); n += 1) found.push([r, n]);
    }
    return found;
  }

  // The days with those cells open or closed, but not where something stands.
  function painted(base, cells, opening) {
    const next = base.map((day) => day);
    for (const [r, n] of cells) {
      if (!locked(n, r * cell)) next[n] = (opening ? open : shut)(next[n], r * cell, r * cell + cell);
    }
    return next;
  }

  function said(cells, opening) {
    const [first, last] = [cells[0], cells.at(-1)];
    const names = first[1] === last[1] ? columns[first[1]].name : `${columns[first[1]].name} ${words.to} ${columns[last[1]].name}`;
    return `${names}, ${span(first[0] * cell, last[0] * cell + cell)}, ${opening ? words.open : words.closed}`;
  }

  const set = (next, text) => form.dispatchEvent(new CustomEvent("week:set", { detail: { days: next, said: text } }));
  const at = (element) => {
    const td = element?.closest?.("td[data-row]");
    return td && box.contains(td) ? [Number(td.dataset.row), Number(td.dataset.column)] : null;
  };

  box.addEventListener("pointerdown", (event) => {
    const start = at(event.target);
    if (!start || event.button !== 0 || event.target.closest("a") || locked(start[1], start[0] * cell)) return;
    event.preventDefault();
    const opening = stateOf(days[start[1]], start[0] * cell).kind !== "open";
    painting = { start, opening, base: days, cells: [start] };
    anchor = null;
    rove(start, true);
    paint(start);
  });
  // Of the document: a finger keeps sending its moves to where it began, a mouse may leave the grid.
  document.addEventListener("pointermove", (event) => {
    const here = painting && at(document.elementFromPoint(event.clientX, event.clientY));
    if (here) paint(here);
  });
  document.addEventListener("pointerup", finish);
  document.addEventListener("pointercancel", () => {
    if (painting) days = painting.base;
    painting = null;
    draw();
  });

  function paint(here) {
    painting.cells = rectangle(painting.start, here);
    days = painted(painting.base, painting.cells, painting.opening);
    focus = here;
    draw();
  }

  function finish() {
    if (!painting) return;
    const { cells, opening, base } = painting;
    painting = null;
    const next = days;
    days = base;
    set(next, said(cells, opening));
    draw();
  }

  function rove(to, move) {
    focus = to;
    draw();
    if (move) rows[to[0]][to[1]].focus({ preventScroll: painting !== null });
  }

  function next([r, n], [down, right]) {
    let row = r + down;
    while (rows[row]?.[0].parentElement.hidden) row += down;
    return rows[row]?.[n + right] ? [row, n + right] : [r, n];
  }

  box.addEventListener("keydown", (event) => {
    if (!at(event.target) || event.altKey || event.metaKey) return;
    const shown = rows.map((row, r) => (row[0].parentElement.hidden ? null : r)).filter((r) => r !== null);
    const page = 120 / cell;
    let to = null;
    if (event.key in STEPS) to = next(focus, STEPS[event.key]);
    else if (event.key === "Home") to = [event.ctrlKey ? shown[0] : focus[0], 0];
    else if (event.key === "End") to = [event.ctrlKey ? shown.at(-1) : focus[0], columns.length - 1];
    else if (event.key === "PageUp") to = [Math.max(shown[0], focus[0] - page), focus[1]];
    else if (event.key === "PageDown") to = [Math.min(shown.at(-1), focus[0] + page), focus[1]];
    else if (event.key === "Escape" && anchor) anchor = null;
    else if (event.key === " ") toggle();
    else if (event.key === "Enter") rows[focus[0]][focus[1]].querySelector("a")?.click();
    else return;
    event.preventDefault();
    if (!to) return draw();
    anchor = event.shiftKey ? anchor ?? focus : null;
    rove(to, true);
  });

  function toggle() {
    const cells = rectangle(anchor ?? focus, focus);
    const first = cells.find(([r, n]) => !locked(n, r * cell));
    if (!first) return;
    const opening = stateOf(days[first[1]], first[0] * cell).kind !== "open";
    set(painted(days, cells, opening), said(cells, opening));
  }

  const view = form.querySelector("[data-week-view]");
  function choose(name) {
    form.dataset.view = name;
    for (const button of view.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
    box.hidden = name !== "grid";
  }
  view.addEventListener("click", (event) => {
    if (event.target.dataset.view) choose(event.target.dataset.view);
  });
  // A narrow screen has the list of days only.
  function fit() {
    view.hidden = !wide.matches;
    choose(wide.matches && !form.querySelector("[aria-invalid]") ? "grid" : "times");
  }
  wide.addEventListener("change", fit);

  form.addEventListener("week:show", (event) => {
    ({ days, saved } = event.detail);
    draw();
  });
  build();
  fold();
  draw();
  fit();
}
