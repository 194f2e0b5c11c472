// A substitute for Stripe.js. One script origin and one frame origin are all that a content policy must allow:
// the API is called from within frames, nothing is written inline.

(() => {
  const origin = new URL(document.currentScript.src).origin;
  const CAME_THROUGH = ["succeeded", "requires_capture", "processing"];
  const KINDS = {
    payment_intent: { secret: "payment_intent_client_secret", result: "paymentIntent", failure: "last_payment_error" },
    setup_intent: { secret: "setup_intent_client_secret", result: "setupIntent", failure: "last_setup_error" },
  };

  /** A frame of the stand-in and the conversation with it. */
  class Frame {
    constructor(page, title, theme = "") {
      this.node = document.createElement("iframe");
      this.node.src = `${origin}/js/${page}.html#${theme}`;
      this.node.title = title;
      this.waiting = new Map();
      this.heard = () => {};
      this.ready = new Promise((resolve) => (this.isReady = resolve));
      this.number = 0;
      this.listen = (event) => this.receive(event);
      window.addEventListener("message", this.listen);
    }

    receive(event) {
      if (event.source !== this.node.contentWindow || event.origin !== origin || event.data?.standIn !== true) return;
      const { id, result, event: name, data } = event.data;
      if (name === "ready") this.isReady();
      if (name) this.heard(name, data);
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    }

    async ask(action, data) {
      await this.ready;
      const id = ++this.number;
      return new Promise((resolve) => {
        this.waiting.set(id, resolve);
        this.node.contentWindow.postMessage({ standIn: true, id, action, data }, origin);
      });
    }

    remove() {
      window.removeEventListener("message", this.listen);
      this.node.remove();
    }
  }

  /** The fields of a card, in a frame inside the node it is mounted on. */
  class Element {
    constructor(type, theme) {
      this.type = type;
      this.theme = theme;
      this.listeners = new Map();
    }

    mount(place) {
      const node = typeof place === "string" ? document.querySelector(place) : place;
      if (!node) throw new Error(`There is nothing at ${place} to mount on.`);
      this.frame = new Frame("card", "Card details", this.theme);
      Object.assign(this.frame.node.style, { border: "0", width: "100%", height: "200px", display: "block" });
      this.frame.heard = (name, data) => {
        if (name === "ready" && data.height) this.frame.node.style.height = `${data.height}px`;
        this.emit(name, { elementType: this.type, ...data });
      };
      node.replaceChildren(this.frame.node);
    }

    emit(name, data) {
      for (const listener of this.listeners.get(name) ?? []) listener(data);
    }

    on(name, listener) {
      this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
      return this;
    }

    once(name, listener) {
      const wrapped = (data) => {
        this.off(name, wrapped);
        listener(data);
      };
      return this.on(name, wrapped);
    }

    off(name, listener) {
      this.listeners.set(name, (this.listeners.get(name) ?? []).filter((each) => listener && each !== listener));
      return this;
    }

    unmount() {
      this.frame?.remove();
      this.frame = undefined;
    }

    destroy() {
      this.unmount();
    }

    update() {}

    clear() {
      this.frame?.ask("clear");
    }

    focus() {
      this.frame?.ask("focus");
    }
  }

  class Elements {
    constructor(options) {
      this.options = { ...options };
      this.made = [];
    }

    create(type) {
      const element = new Element(type, this.options.appearance?.theme);
      this.made.push(element);
      return element;
    }

    getElement(type) {
      return this.made.find((each) => each.type === type) ?? null;
    }

    update(options) {
      Object.assign(this.options, options);
      const theme = options.appearance?.theme;
      for (const element of theme ? this.made : []) {
        element.theme = theme;
        element.frame?.ask("look", theme);
      }
    }

    async fetchUpdates() {
      return {};
    }

    async submit() {
      const { error } = await this.card().frame.ask("validate");
      return error ? { error } : {};
    }

    card() {
      const element = this.made.find((each) => each.frame);
      if (!element) throw new Error("No element is mounted.");
      return element;
    }
  }

  function kindOf(secret) {
    return String(secret).startsWith("seti_") ? "setup_intent" : "payment_intent";
  }

  function pathOf(secret) {
    return `/v1/${kindOf(secret)}s/${String(secret).split("_secret_")[0]}`;
  }

  function goTo(url, intent) {
    const { secret } = KINDS[intent.object];
    const target = new URL(url, document.baseURI);
    target.searchParams.set(intent.object, intent.id);
    target.searchParams.set(secret, intent.client_secret);
    target.searchParams.set("redirect_status", CAME_THROUGH.includes(intent.status) ? "succeeded" : "failed");
    window.location.assign(target);
    return new Promise(() => {}); // the page is left
  }

  /** Shows the bank's question over the page until it is answered or closed. */
  function ask(url) {
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    // Our own origin, whatever name the server gave itself: that is the one the content policy allows.
    frame.src = origin + new URL(url).pathname;
    frame.title = "Approve the payment";
    Object.assign(frame.style, { border: "0", width: "100%", height: "26rem", display: "block" });
    Object.assign(dialog.style, { padding: "0", border: "0", borderRadius: "12px", width: "min(28rem, 94vw)" });
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      const close = (event) => {
        if (event.type === "message" && (event.source !== frame.contentWindow || event.data?.standIn !== "answered")) return;
        window.removeEventListener("message", close);
        dialog.remove();
        resolve();
      };
      window.addEventListener("message", close);
      dialog.addEventListener("close", close);
    });
  }

  window.Stripe = function Stripe(key, { stripeAccount: account } = {}) {
    if (!String(key).startsWith("pk_")) throw new Error("Stripe() needs a publishable key.");
    const controller = new Frame("controller", "Payments");
    controller.node.hidden = true;
    const place = () => document.body.append(controller.node);
    if (document.body) place();
    else document.addEventListener("DOMContentLoaded", place);

    function call(method, path, params, { element, cardAt } = {}) {
      const frame = element ? element.frame : controller;
      return frame.ask("call", { method, path, params, key, account, cardAt });
    }

    async function retrieve(secret) {
      const { body, error } = await call("GET", pathOf(secret), { client_secret: secret });
      return error ? { error } : { [KINDS[body.object].result]: body };
    }

    /** The end of a call: an intent as it is, or what went wrong, after the bank's question where there is one. */
    async function finish({ body, error }, { handle = true } = {}) {
      if (error) return { error };
      const { result, failure } = KINDS[body.object];
      const next = body.next_action;
      if (!handle || body.status !== "requires_action" || !next) return { [result]: body };
      if (next.type === "redirect_to_url") {
        window.location.assign(next.redirect_to_url.url);
        return new Promise(() => {});
      }
      await ask(next.use_stripe_sdk.stripe_js);
      const now = await retrieve(body.client_secret);
      if (now.error) return now;
      const intent = now[result];
      if (intent.status === "requires_payment_method") return { error: { ...intent[failure], [body.object]: intent } };
      if (intent.status === "requires_action") {
        const message = "The payment was not approved.";
        return { error: { type: "invalid_request_error", code: `${body.object}_authentication_failure`, message } };
      }
      return now;
    }

    async function confirm(secret, params, card, options) {
      const sent = { ...params, client_secret: secret, use_stripe_sdk: true };
      return finish(await call("POST", `${pathOf(secret)}/confirm`, sent, card), options);
    }

    async function confirmWithElements({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
      const secret = clientSecret ?? elements.options.clientSecret;
      const card = confirmParams.payment_method ? {} : { element: elements.card(), cardAt: "payment_method_data" };
      const outcome = await confirm(secret, confirmParams, card);
      const intent = outcome.paymentIntent ?? outcome.setupIntent;
      return intent && redirect !== "if_required" ? goTo(confirmParams.return_url, intent) : outcome;
    }

    async function confirmCard(secret, { payment_method: method, ...rest } = {}, { handleActions = true } = {}) {
      const options = { handle: handleActions };
      if (!method || typeof method === "string") return confirm(secret, { ...rest, payment_method: method }, {}, options);
      const { card: element, ...described } = method;
      const params = { ...rest, payment_method_data: described };
      return confirm(secret, params, { element, cardAt: "payment_method_data" }, options);
    }

    async function createPaymentMethod({ elements, params = {}, card, billing_details }) {
      const element = elements ? elements.card() : card;
      const sent = elements ? params : { billing_details };
      const { body, error } = await call("POST", "/v1/payment_methods", sent, { element, cardAt: "" });
      return error ? { error } : { paymentMethod: body };
    }

    async function handleNextAction({ clientSecret }) {
      const now = await retrieve(clientSecret);
      return now.error ? now : finish({ body: now.paymentIntent ?? now.setupIntent });
    }

    return {
      elements: (options) => new Elements(options),
      confirmPayment: confirmWithElements,
      confirmSetup: confirmWithElements,
      confirmCardPayment: confirmCard,
      confirmCardSetup: confirmCard,
      createPaymentMethod,
      handleNextAction,
      handleCardAction: (clientSecret) => handleNextAction({ clientSecret }),
      retrievePaymentIntent: retrieve,
      retrieveSetupIntent: retrieve,
    };
  };
  window.Stripe.version = 3;
})();
