// How many there are behind each filter. Asked for after the results are shown, because it may take as
// long as they did; a filter without a count says nothing, rather than something wrong.

let asking;

async function ask() {
  const form = document.querySelector("[data-counts-url]");
  if (!form) return;
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(form.dataset.countsUrl + location.search, { signal: mine.signal });
    if (answer.ok) show(form, (await answer.json()).counts);
  } catch {
    // Without counts the filters work as they do.
  }
}

function show(form, counts) {
  for (const choice of form.querySelectorAll("option, input[type=radio]")) {
    const field = choice.closest("select")?.name ?? choice.name;
    const count = counts[field]?.[choice.value];
    const label = choice.matches("option") ? choice : form.querySelector(`label[for="${choice.id}"]`);
    label.dataset.label ??= label.textContent;
    if (choice.matches("option")) {
      label.textContent = count ? `${label.dataset.label} (${count})` : label.dataset.label;
    } else {
      label.dataset.count = count ?? "";
      label.replaceChildren(label.dataset.label, ...(count ? [number(count)] : []));
    }
  }
  for (const link of form.querySelectorAll("[data-price]")) {
    const count = counts.price_max?.[link.dataset.price];
    link.dataset.label ??= link.textContent;
    link.replaceChildren(link.dataset.label, ...(count ? [number(count)] : []));
  }
}

function number(count) {
  const small = document.createElement("small");
  small.className = "count num";
  small.textContent = count;
  return small;
}

ask();
document.addEventListener("htmx:afterSettle", ask);
document.addEventListener("htmx:historyRestore", ask);
