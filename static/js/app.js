// What every page shares. Each listens on the document, so content that arrives later is covered too.

// The server shows times in the visitor's zone; only the browser knows it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`tz=${encodeURIComponent(zone)}`)) {
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `tz=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax${secure}`;
}

// A second press sends nothing; the button that was pressed keeps its value, hence aria-disabled.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-submit-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  event.submitter?.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Menus close on Escape and on a click elsewhere.
const openMenus = () => document.querySelectorAll("[data-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// An error summary takes focus when the page opens with one.
document.querySelector("[data-focus]")?.focus();

// A live region inside swapped content is new to screen readers and stays silent; this one is not.
const said = () => document.querySelector("[data-announce]")?.textContent;
let last = said();
document.addEventListener("htmx:afterSettle", () => {
  if (said() && said() !== last) document.getElementById("live").textContent = said();
  last = said();
});
