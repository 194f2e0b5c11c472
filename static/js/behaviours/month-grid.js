// The month as an ARIA grid: one day is in the tab order, arrows move between days.
// Choosing a day lands on the heading above its times; a page key turns the month.

const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
let after = null; // what to do once the next picker has arrived

const daysOf = (picker) => [...picker.querySelectorAll("[data-day]")];

function rove(days, active) {
  for (const day of days) day.tabIndex = day === active ? 0 : -1;
}

function mount(picker) {
  const days = daysOf(picker);
  if (!days.length) return;
  rove(days, picker.querySelector("[aria-selected=true] [data-day]") ?? picker.querySelector("a[data-day]") ?? days[0]);
  if (after) after(picker, days);
  after = null;
}

function focusDay(days, index) {
  const day = days[Math.min(Math.max(index, 0), days.length - 1)];
  rove(days, day);
  day.focus();
}

document.addEventListener("keydown", (event) => {
  const day = event.target.closest?.("[data-day]");
  if (!day || event.altKey || event.ctrlKey || event.metaKey) return;
  const picker = day.closest("[data-month-grid]");
  const days = daysOf(picker);
  const here = days.indexOf(day);
  const row = [...day.closest("tr").querySelectorAll("[data-day]")];
  let to = null;
  if (event.key in steps) to = here + steps[event.key];
  else if (event.key === "Home") to = days.indexOf(row[0]);
  else if (event.key === "End") to = days.indexOf(row.at(-1));
  else if (event.key === "PageUp" || event.key === "PageDown") turn(picker, event.key === "PageUp", here);
  else if (event.key === " " && day.matches("a")) day.click();
  else return;
  event.preventDefault();
  if (to === null) return;
  if (to < 0) turn(picker, true, -1);
  else if (to >= days.length) turn(picker, false, 0);
  else focusDay(days, to);
});

function turn(picker, back, index) {
  const link = picker.querySelector(back ? "[data-month-previous]" : "[data-month-next]");
  if (!link) return;
  after = (_, days) => focusDay(days, index < 0 ? days.length - 1 : index);
  link.click();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-month-grid] a[data-day]");
  if (link) after = (picker) => picker.querySelector("[data-day-heading]")?.focus();
});

for (const picker of document.querySelectorAll("[data-month-grid]")) mount(picker);
document.addEventListener("htmx:afterSettle", () => {
  for (const picker of document.querySelectorAll("[data-month-grid]")) mount(picker);
});
