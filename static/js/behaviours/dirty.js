// Asks before leaving a form that was changed and not saved.

const changed = new Set();

document.addEventListener("input", mark);
document.addEventListener("change", mark);
document.addEventListener("submit", (event) => changed.delete(event.target));
document.addEventListener("week:clean", (event) => changed.delete(event.target));
addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});

function mark(event) {
  const form = event.target.closest?.("form[data-dirty]");
  if (!form) return;
  changed.add(form);
  form.querySelector("[data-dirty-note]")?.removeAttribute("hidden");
}
