// Adds and removes rows of a form set. Without it each list ends in one empty row, and "remove" is a checkbox.
// [data-rows] holds [data-row]…, a <template data-row-template> with __prefix__ where the number goes,
// [data-row-add], and Django's management form.

function add(list) {
  const blank = list.querySelector("[data-row-blank][hidden]");
  if (blank) {
    blank.removeAttribute("data-row-blank");
    blank.hidden = false;
    return blank.querySelector("input:not([type=hidden])").focus();
  }
  const total = list.querySelector("[name$=TOTAL_FORMS]");
  const html = list.querySelector("[data-row-template]").innerHTML.replaceAll("__prefix__", total.value);
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const row = holder.content.firstElementChild;
  const rows = list.querySelectorAll("[data-row]");
  if (rows.length) rows[rows.length - 1].after(row);
  else list.prepend(row);
  total.value = Number(total.value) + 1;
  row.querySelector("input:not([type=hidden]), select")?.focus();
}

function remove(row) {
  const list = row.closest("[data-rows]");
  const mark = row.querySelector("[name$=-DELETE]");
  if (mark) mark.checked = true;
  for (const input of row.querySelectorAll("input[type=time]")) input.value = "";
  row.hidden = true;
  list.querySelector("[data-row-add]").focus();
  row.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-row-add], [data-row-remove]");
  if (!button) return;
  if (button.matches("[data-row-add]")) add(button.closest("[data-rows]"));
  else remove(button.closest("[data-row]"));
});

for (const button of document.querySelectorAll("[data-row-add], [data-row-remove]")) button.hidden = false;
for (const box of document.querySelectorAll("[data-row-mark], [data-row-blank]")) box.hidden = true;
