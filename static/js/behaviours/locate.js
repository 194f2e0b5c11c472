// "Near me": asks where the visitor is when they press, and never before. The point leaves the device
// rounded to about 100 metres.

const DIGITS = 3;
const PATIENCE = 10_000;

for (const button of document.querySelectorAll("[data-locate]")) {
  if (!navigator.geolocation || !window.isSecureContext) continue;
  const form = button.closest("form");
  const said = form.parentElement.querySelector("[data-locate-said]");
  const say = (text) => {
    said.textContent = text;
    said.hidden = !text;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    say(button.dataset.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const near = document.createElement("input");
        near.type = "hidden";
        near.name = "near";
        near.value = `${coords.latitude.toFixed(DIGITS)},${coords.longitude.toFixed(DIGITS)}`;
        form.append(near);
        form.requestSubmit();
      },
      (problem) => {
        button.removeAttribute("aria-busy");
        say(problem.code === problem.PERMISSION_DENIED ? button.dataset.refused : button.dataset.failed);
        form.querySelector("input[name=q]").focus();
      },
      { timeout: PATIENCE, maximumAge: 60_000 },
    );
  });
}
