// Saves the week without leaving the page. It is shown as saved at once, and goes back visibly where the
// server refuses or cannot be reached; what was entered is kept and can be sent again.

const form = document.querySelector("[data-week-editor]");
const SENT = /^(save|merge|preview|apply|apply-now)$/;
const WRITES = /^(save|merge|apply-now)$/;

if (form) mount();

function mount() {
  const part = (name) => form.querySelector(`[data-week-${name}]`);
  const live = document.getElementById("live");
  const note = form.querySelector("[data-dirty-note]");
  const load = (detail) => form.dispatchEvent(new CustomEvent("week:load", { detail }));
  let now = null;
  let kept = null;
  let busy = false;

  form.addEventListener("week:show", (event) => {
    now = event.detail;
  });

  form.addEventListener("submit", (event) => {
    const act = event.submitter?.value ?? "save";
    if (!SENT.test(act)) return;
    event.preventDefault();
    if (!busy) send(act);
  });

  async function send(act) {
    const body = new FormData(form);
    body.set("act", act);
    const before = now;
    busy = true;
    form.setAttribute("aria-busy", "true");
    clear();
    if (act === "save") {
      load({ days: now.days, saved: now.days });
      tell(form.dataset.saving);
    }
    let response, answer;
    try {
      response = await fetch(form.action, {
        method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(20_000),
      });
      answer = await response.json();
    } catch {
      answer = null;
    }
    busy = false;
    form.removeAttribute("aria-busy");
    if (answer?.panel === undefined) return broken(act, before, response);
    if (response.ok && WRITES.test(act)) return saved(answer, before);
    show(answer);
    if (response.ok) {
      live.textContent = answer.said;
      return part("panel").querySelector("[data-focus]")?.focus();
    }
    // The marks of what is not saved come back; what was entered stays where it is.
    load({ days: now.days, saved: before.saved });
    if (response.status === 412) return part("panel").querySelector("[data-focus]")?.focus();
    wrong(answer);
  }

  function saved(answer, before) {
    form.elements.version.value = answer.version;
    answer.days.forEach((windows, n) => {
      form.elements[`was-${n}`].value = windows.map(([low, high]) => `${low}-${high}`).join(" ");
    });
    kept = null;
    // Painted while it was sent: that is newer than the answer.
    const painted = JSON.stringify(now.days) !== JSON.stringify(before.days);
    load({ days: painted ? now.days : answer.days, saved: answer.days });
    show(answer);
    tell(form.dataset.saved);
    live.textContent = answer.said;
  }

  function broken(act, before, response) {
    kept = { days: now.days, act };
    load({ days: before.saved, saved: before.saved });
    form.dispatchEvent(new Event("change", { bubbles: true }));
    part("broken-text").textContent = response ? form.dataset.refused : form.dataset.broken;
    part("broken").hidden = false;
    tell("");
    part("again").focus();
  }

  part("again").addEventListener("click", () => {
    load({ days: kept.days });
    send(kept.act);
  });
  part("back").addEventListener("click", () => {
    load({ days: kept.days });
    clear();
    form.querySelector("button[value=save]:not([aria-hidden])").focus();
  });

  function wrong(answer) {
    const list = document.createElement("ul");
    for (const text of [answer.error, ...Object.values(answer.wrong).flat()].filter(Boolean)) {
      list.append(Object.assign(document.createElement("li"), { textContent: text }));
    }
    for (const [n, texts] of Object.entries(answer.wrong)) {
      const error = form.querySelector(`[data-day="${n}"] [data-day-error]`);
      error.hidden = false;
      error.firstElementChild.replaceChildren(
        ...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
      );
      for (const input of form.querySelectorAll(`[data-day="${n}"] input[type=time]`)) input.setAttribute("aria-invalid", "true");
    }
    part("problem").querySelector("ul").replaceWith(list);
    if (Object.keys(answer.wrong).length) form.querySelector("button[data-view=times]").click();
    part("problem").hidden = false;
    part("problem").firstElementChild.focus();
  }

  function show(answer) {
    part("panel").innerHTML = answer.panel;
    part("outside").innerHTML = answer.outside;
  }

  function clear() {
    part("broken").hidden = part("problem").hidden = true;
    part("panel").replaceChildren();
    for (const error of form.querySelectorAll("[data-day-error]")) error.hidden = true;
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  function tell(text) {
    note.textContent = text;
    note.hidden = !text;
  }
}
