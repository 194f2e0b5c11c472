// Copies the text of the element a button names, and says so.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  } catch {
    // Refused or not over HTTPS: select it, so that the visitor can.
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.querySelector("[data-copy-label]") ?? button;
  label.textContent = button.dataset.copied;
  document.getElementById("live").textContent = button.dataset.copied;
});

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
