// Times on cards that somebody else takes meanwhile: while the page is looked at, one request for all of
// its cards asks now and then which are gone. Pressing one that is gone is answered with others anyway.

const EVERY = 40_000;
const PAUSE_AFTER_FAILURE = 120_000;
let tag = "";
let asked = "";
let next = Date.now() + EVERY;

const cards = () => [...document.querySelectorAll("#results form.slots")];
const open = (card) => [...card.querySelectorAll("button.time:not([aria-disabled])")];
const seconds = (button) => Date.parse(button.value) / 1000;
const nameOf = (card) =>
  ["offering", "duration_min", "modality"].map((field) => card.elements[field].value).join(".");

async function look() {
  const root = document.querySelector("[data-gone-url]");
  const shown = cards().filter((card) => open(card).length);
  if (!root || !shown.length) return;
  const times = shown.map((card) => [nameOf(card), ...open(card).map(seconds)].join(".")).join(",");
  const headers = times === asked && tag ? { "If-None-Match": tag } : {};
  const answer = await fetch(`${root.dataset.goneUrl}?times=${encodeURIComponent(times)}`, { headers });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  asked = times;
  tag = answer.headers.get("ETag") || "";
  const gone = new Set((await answer.json()).gone);
  if (gone.size) take(shown, gone, root.dataset);
}

function take(shown, gone, words) {
  let number = 0;
  for (const card of shown) {
    for (const button of open(card)) {
      if (!gone.has(`${nameOf(card)}.${seconds(button)}`)) continue;
      number += 1;
      // Focus stays where it is: the button stays, says so, and does nothing.
      button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-label", `${button.getAttribute("aria-label")}, ${words.goneWord}`);
    }
  }
  if (number) document.getElementById("live").textContent = `${number} ${words.goneSome}`;
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#results button.time[aria-disabled]")) event.preventDefault();
});

setInterval(() => {
  if (document.visibilityState !== "visible" || Date.now() < next) return;
  next = Date.now() + EVERY;
  look().catch(() => {
    next = Date.now() + PAUSE_AFTER_FAILURE;
  });
}, 1000);
