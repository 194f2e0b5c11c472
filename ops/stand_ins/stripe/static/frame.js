// Runs in a frame of the stand-in's origin, so that card numbers never meet the shop's page and the shop needs
// no connection to the API. Calls the API for its parent and, where this page has fields, adds the card.

const form = document.querySelector("form");
const parentWindow = window.parent;
let parentOrigin = "*"; // learned from the first message

// The shop may say how it looks; otherwise the system's setting holds.
const themes = { night: "dark", stripe: "light", flat: "light" };
function look(theme) {
  if (themes[theme]) document.documentElement.style.colorScheme = themes[theme];
}
look(location.hash.slice(1));

function say(message) {
  parentWindow.postMessage({ standIn: true, ...message }, parentOrigin);
}

function flatten(value, name, into) {
  if (value === undefined || value === null) return into;
  if (typeof value === "object") {
    for (const [key, each] of Object.entries(value)) flatten(each, name ? `${name}[${key}]` : key, into);
  } else {
    into.append(name, String(value));
  }
  return into;
}

function digits(name) {
  return form.elements[name].value.replace(/\D/g, "");
}

function passesLuhn(number) {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

function state() {
  const number = digits("number");
  const expiry = digits("expiry");
  const cvc = digits("cvc");
  const empty = !number && !expiry && !cvc;
  let error = null;
  if (number.length < 15) error = problem("number", "incomplete_number", "Your card number is incomplete.");
  else if (!passesLuhn(number)) error = problem("number", "invalid_number", "Your card number is invalid.");
  else if (expiry.length < 4) error = problem("expiry", "incomplete_expiry", "Your card's expiry date is incomplete.");
  else if (cvc.length < 3) error = problem("cvc", "incomplete_cvc", "Your card's security code is incomplete.");
  return { empty, complete: !error, error };
}

function problem(field, code, message) {
  return { type: "validation_error", field, code, message };
}

function show(error) {
  if (!form) return;
  form.querySelector(".problem").textContent = error ? error.message : "";
  for (const input of form.elements) input.setAttribute("aria-invalid", String(Boolean(error && error.field === input.name)));
  if (error && error.field) form.elements[error.field].focus();
}

function card() {
  const expiry = digits("expiry");
  return {
    number: digits("number"),
    exp_month: Number(expiry.slice(0, 2)),
    exp_year: 2000 + Number(expiry.slice(2, 4)),
    cvc: digits("cvc"),
  };
}

function withCard(params, place) {
  const result = { ...params };
  const described = { ...result[place], type: "card", card: card() };
  return place ? { ...result, [place]: described } : { ...result, type: "card", card: card() };
}

async function call({ method, path, params, key, account, cardAt }) {
  if (cardAt !== undefined) {
    const { error } = state();
    show(error);
    if (error) return { error };
    params = withCard(params, cardAt);
  }
  const sent = flatten(params, "", new URLSearchParams());
  const headers = { Authorization: `Bearer ${key}` };
  if (account) headers["Stripe-Account"] = account;
  const get = method === "GET";
  try {
    const response = await fetch(get ? `${path}?${sent}` : path, { method, headers, body: get ? undefined : sent });
    const body = await response.json();
    if (body.error) show(cardAt === undefined ? null : { message: body.error.message });
    return body.error ? { error: body.error } : { body };
  } catch {
    return { error: { type: "api_connection_error", message: "The payment service cannot be reached." } };
  }
}

const ACTIONS = {
  call,
  look: async (theme) => look(theme),
  validate: async () => {
    const { error } = state();
    show(error);
    return { error };
  },
  clear: async () => {
    form.reset();
    show(null);
    return {};
  },
  focus: async () => {
    form.elements.number.focus();
    return {};
  },
};

window.addEventListener("message", async (event) => {
  const { standIn, id, action, data } = event.data || {};
  if (event.source !== parentWindow || standIn !== true || !Object.hasOwn(ACTIONS, action)) return;
  parentOrigin = event.origin;
  say({ id, result: await ACTIONS[action](data) });
});

if (form) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    show(null);
    const { empty, complete } = state();
    say({ event: "change", data: { empty, complete } });
  });
  form.addEventListener("focusin", () => say({ event: "focus", data: {} }));
  form.addEventListener("focusout", () => say({ event: "blur", data: {} }));
}
say({ event: "ready", data: { height: document.documentElement.scrollHeight } });
