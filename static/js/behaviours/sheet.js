// The filter sheet opens and closes by its address alone. This adds what a dialog owes the keyboard:
// Escape closes it, Tab stays inside, focus goes in and comes back.

const sheet = document.querySelector("[data-sheet]");
const isOpen = () => location.hash === `#${sheet.id}` && getComputedStyle(sheet).position === "fixed";
const stops = () => [...sheet.querySelectorAll("a[href], button, input:not([type=hidden]), select")];

function reflect() {
  const open = isOpen();
  if (open) {
    sheet.setAttribute("role", "dialog");
    sheet.setAttribute("aria-modal", "true");
    sheet.querySelector("[data-sheet-close]").focus();
  } else if (sheet.hasAttribute("aria-modal")) {
    sheet.removeAttribute("role");
    sheet.removeAttribute("aria-modal");
    document.querySelector("[data-sheet-open]")?.focus();
  }
}

if (sheet) {
  addEventListener("hashchange", reflect);
  reflect();
  document.addEventListener("keydown", (event) => {
    if (!isOpen()) return;
    if (event.key === "Escape") location.hash = "results";
    if (event.key !== "Tab") return;
    const all = stops();
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  });
}
