// Counts a hold down: the clock is seen each second, spoken only at one minute and at the end.
// Seconds left come from the server, so a wrong clock on the visitor's side does no harm.

function start(box) {
  const end = Date.now() + Number(box.dataset.seconds) * 1000;
  const clock = box.querySelector("[data-countdown-clock]");
  const text = box.querySelector("[data-countdown-text]");
  const say = box.querySelector("[data-countdown-say]");
  let warned = false;

  function tick() {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left <= 60 && !warned && left > 0) {
      warned = true;
      box.classList.add("last");
      say.textContent = box.dataset.warn;
    }
    if (left > 0) return;
    clearInterval(timer);
    box.classList.replace("last", "over");
    box.classList.add("over");
    clock.textContent = "";
    text.textContent = say.textContent = box.dataset.over;
  }

  const timer = setInterval(tick, 1000);
  tick();
}

for (const box of document.querySelectorAll("[data-countdown]")) start(box);
