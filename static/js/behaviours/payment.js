// Cards: Stripe's fields inside our form, and the bank's question over our page. Stripe's own script is
// fetched when it is needed; who pays with a saved card needs none of it.

const dark = matchMedia("(prefers-color-scheme: dark)");
const form = document.querySelector("form[data-pay]");
const bank = document.querySelector("[data-bank]");
const wait = document.querySelector("[data-wait]");

let loading;
function stripeOf({ stripe: address, key }) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Stripe(key));
    script.onerror = () => {
      // For this visit the bank asks on a page of its own.
      sessionStorage.setItem("stripe", "away");
      reject(new Error());
    };
    document.head.append(script);
  });
  return loading;
}

/** Our look as Stripe's fields take it; they are in a frame and cannot see our tokens. */
function appearance() {
  const look = getComputedStyle(document.documentElement);
  const token = (name) => look.getPropertyValue(name).trim();
  return {
    theme: dark.matches ? "night" : "stripe",
    variables: {
      colorPrimary: token("--free"),
      colorBackground: token("--surface"),
      colorText: token("--ink"),
      colorTextSecondary: token("--ink-2"),
      colorDanger: token("--stop"),
      fontFamily: "system-ui, sans-serif",
      fontSizeBase: "16px",
      borderRadius: token("--radius-s"),
    },
  };
}

class NewCard {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    if (sessionStorage.getItem("stripe") !== "away") this.form.elements.in_page.value = "on";
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.form.addEventListener("change", () => this.reflect());
    dark.addEventListener("change", () => this.elements?.update({ appearance: appearance() }));
    this.reflect();
  }

  get isChosen() {
    const choice = this.form.elements.pay_with;
    return !choice || choice.value === "new";
  }

  reflect() {
    this.box.hidden = !this.isChosen;
    if (this.isChosen) this.mounted ??= this.mount();
  }

  async mount() {
    try {
      this.stripe = await stripeOf(this.box.dataset);
    } catch {
      this.say(this.box.dataset.away);
      this.box.querySelector("[data-elsewhere]").classList.remove("no-script");
      return;
    }
    this.elements = this.stripe.elements({
      mode: "setup",
      currency: this.box.dataset.currency,
      paymentMethodTypes: ["card"],
      appearance: appearance(),
    });
    this.elements.create("payment").mount(this.box.querySelector("[data-fields]"));
  }

  /** A new card is saved first; the form then goes on with what Stripe calls it. */
  async submit(event) {
    const saved = this.form.elements.setup_intent;
    if (!this.isChosen || saved.value || !this.elements || event.submitter?.name === "go") return;
    event.preventDefault();
    if (this.isBusy) return;
    this.busy(true);
    this.say("");
    try {
      saved.value = await this.save();
    } catch (error) {
      this.say(error.message || this.box.dataset.lost);
    }
    this.busy(false);
    if (saved.value) this.form.requestSubmit(event.submitter);
  }

  async save() {
    const { error: incomplete } = await this.elements.submit();
    if (incomplete) throw incomplete;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(this.box.dataset.begin, { method: "POST", body }).catch(() => null);
    const begun = await answer?.json().catch(() => null);
    if (!begun?.client_secret) throw new Error(begun?.message ?? "");
    const { error, setupIntent } = await this.stripe.confirmSetup({
      elements: this.elements,
      clientSecret: begun.client_secret,
      confirmParams: { return_url: this.box.dataset.back },
      redirect: "if_required",
    });
    if (error) throw error;
    return setupIntent.id;
  }

  say(text) {
    this.box.querySelector("[data-error]").textContent = text;
  }

  busy(is) {
    this.isBusy = is;
    this.form.toggleAttribute("aria-busy", is);
    this.box.querySelector("[data-busy]").textContent = is ? this.box.dataset.checking : "";
    for (const button of this.form.querySelectorAll("button")) {
      if (is) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  }
}

/** The bill and the button say what the choice costs. */
function showBill() {
  const pays = form.querySelector("[name=pay_with]:checked")?.dataset.pays ?? "card";
  const credit = form.querySelector("[data-credit]");
  const name = pays === "card" && credit?.checked ? "credit" : pays;
  if (credit) credit.closest("label").hidden = pays === "package";
  for (const bill of document.querySelectorAll("[data-bill]")) {
    bill.hidden = bill.dataset.bill !== name;
    if (bill.hidden) continue;
    form.querySelector("[data-bill-total]").textContent = bill.dataset.total;
    form.querySelector("[data-bill-button]").textContent = bill.dataset.button;
  }
}

async function askBank() {
  const stripe = await stripeOf(bank.dataset).catch(() => null);
  if (!stripe) {
    document.querySelector("[data-error]").textContent = bank.dataset.away;
    return;
  }
  await stripe.handleNextAction({ clientSecret: bank.dataset.secret }).catch(() => {});
  location.assign(bank.dataset.back);
}

if (form) {
  new NewCard(form.querySelector("[data-new]"));
  form.addEventListener("change", showBill);
  showBill();
}
if (bank) {
  const button = bank.querySelector("[data-ask]");
  button.hidden = false;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    askBank();
  });
  if ("atOnce" in bank.dataset) askBank();
}
if (wait) setTimeout(() => location.assign(wait.querySelector("a").href), Number(wait.dataset.wait) * 1000);
