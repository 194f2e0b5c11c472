// A search field becomes a combobox: a list of completions, walked with the arrows, chosen by Enter or by
// a press. Nothing is chosen for anybody, and without the network the field is the field it was.

const PAUSE = 120;
let number = 0;

for (const form of document.querySelectorAll("[data-suggest]")) mount(form);

function mount(form) {
  const input = form.querySelector("input[name=q]");
  const list = form.querySelector("[role=listbox]");
  const live = document.getElementById("live");
  const id = (number += 1);
  let timer;
  let asking;
  let active = null;

  list.id = `suggestions-${id}`;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(null);
  }

  function activate(option) {
    active?.setAttribute("aria-selected", "false");
    active = option;
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    const { url, value } = option.dataset;
    close();
    if (url) return location.assign(url);
    input.value = value;
    form.requestSubmit();
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const address = `${form.dataset.suggest}?q=${encodeURIComponent(input.value)}`;
      const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) return close();
      const markup = await answer.text();
      if (mine.signal.aborted || document.activeElement !== input) return;
      show(markup);
    } catch {
      if (!mine.signal.aborted) close();
    }
  }

  function show(markup) {
    activate(null);
    list.innerHTML = markup;
    const found = options();
    for (const option of found) option.id = `${list.id}-${option.id}`;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    live.textContent = found.length
      ? `${found.length} ${form.dataset.suggestSome}`
      : form.dataset.suggestNone;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim().length < 2) return close();
    timer = setTimeout(ask, PAUSE);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      return close();
    }
    if (event.key === "Enter" && active && !list.hidden) {
      event.preventDefault();
      return choose(active);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (list.hidden) return input.value.trim().length < 2 ? undefined : ask();
    // Between the last and the first lies the field itself.
    const stops = [null, ...options()];
    const step = event.key === "ArrowDown" ? 1 : -1;
    activate(stops[(stops.indexOf(active) + step + stops.length) % stops.length]);
  });

  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  // A press must not take the focus away before it is a click.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}
