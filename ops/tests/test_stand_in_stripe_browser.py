"""The substitute for Stripe.js in a real browser, in a page whose content policy allows it and no more."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ops.stand_ins.testing import PUBLISHABLE_KEY

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<meta name="viewport" content="width=device-width">
<main>
<h1>Pay</h1>
<form data-key="{key}" data-secret="{secret}"><div id="card"></div><button>Pay now</button></form>
<p role="status"></p>
</main>
<script src="{stand_in}/js/stripe.js"></script>
<script src="/shop.js"></script>
</html>"""
SCRIPT = """
const form = document.querySelector("form");
const say = (text) => { document.querySelector("[role=status]").textContent = text; };
const stripe = Stripe(form.dataset.key);
const clientSecret = form.dataset.secret;
const elements = stripe.elements({ clientSecret });
const element = elements.create("payment");
element.mount("#card");
element.on("ready", () => say("Ready"));
const confirm = clientSecret.startsWith("seti_") ? stripe.confirmSetup : stripe.confirmPayment;
const whole = async (redirect) => {
  const { error } = await elements.submit();
  if (error) return say(`Incomplete: ${error.message}`);
  const confirmParams = { return_url: new URL("/back", location.href).href };
  return confirm({ elements, redirect, confirmParams });
};
const WAYS = {
  "": () => whole("if_required"),
  "#return": () => whole("always"),
  "#next": () => stripe.handleNextAction({ clientSecret }),
  "#card": () => stripe.confirmCardPayment(clientSecret, { payment_method: { card: element } }),
  "#look": () => stripe.retrievePaymentIntent(clientSecret),
};
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  say("Working");
  const result = await (WAYS[location.hash] ?? WAYS[""])();
  if (!result) return;
  const intent = result.paymentIntent ?? result.setupIntent;
  say(result.error ? `Error ${result.error.code}: ${result.error.message}` : `Intent ${intent.status}`);
});
"""


@pytest.fixture
def shop(stripe_stand_in, page):
    """Opens the shop's page for an intent; what the browser complains of fails the test."""
    complaints, origin = [], stripe_stand_in.url
    policy = f"default-src 'none'; script-src 'self' {origin}; frame-src {origin}; base-uri 'none'"
    served = {"/shop.js": ("text/javascript", SCRIPT), "/back": ("text/html", "<!doctype html><h1>Back</h1>")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body = served.get(self.path.partition("?")[0], ("text/html", served.get("page")))
            self.send_response(204 if self.path == "/favicon.ico" else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if self.path != "/favicon.ico":
                self.wfile.write(body.encode())

        def log_message(self, *args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "policy" in message.text.lower() else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def visit(intent, fragment=""):
        served["page"] = PAGE.format(key=PUBLISHABLE_KEY, secret=intent.client_secret, stand_in=origin)
        page.goto(f"http://localhost:{server.server_address[1]}/{fragment}")
        expect(page.get_by_role("status")).to_have_text("Ready")
        return page

    yield visit
    server.shutdown()
    server.server_close()
    assert complaints == []


def fill_in(page, number):
    card = page.frame_locator("iframe[title='Card details']")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiry date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay now").click()


def bank(page):
    return page.frame_locator("iframe[title='Approve the payment']")


def test_a_card_pays_in_the_shops_page(client, shop, stripe_stand_in):
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd"})
    page = shop(intent)
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("status")).to_have_text("Incomplete: Your card number is incomplete.")
    fill_in(page, "4000 0000 0000 0002")
    expect(page.get_by_role("status")).to_have_text("Error card_declined: Your card was declined.")
    fill_in(page, "4242 4242 4242 4242")
    expect(page.get_by_role("status")).to_have_text("Intent succeeded")
    assert stripe_stand_in.total("captured", payment_intent=intent.id) == 5000


def test_the_bank_asks_over_the_page_and_the_answer_counts(client, shop, stripe_stand_in):
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd", "capture_method": "manual"})
    page = shop(intent)
    fill_in(page, "4000 0027 6000 3184")
    expect(bank(page).get_by_text("50.00 USD")).to_be_visible()
    bank(page).get_by_role("button", name="Fail").click()
    expect(page.get_by_role("status")).to_contain_text("Error payment_intent_authentication_failure")
    assert stripe_stand_in.journal() == []
    fill_in(page, "4000 0027 6000 3184")
    bank(page).get_by_role("button", name="Complete").click()
    expect(page.get_by_role("status")).to_have_text("Intent requires_capture")
    assert stripe_stand_in.total("authorised") == 5000
    expect(page.locator("dialog")).to_have_count(0)


def test_a_question_that_is_closed_is_not_answered(client, shop, stripe_stand_in):
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd"})
    page = shop(intent)
    fill_in(page, "4000 0027 6000 3184")
    expect(bank(page).get_by_role("button", name="Complete")).to_be_visible()
    page.locator("dialog").press("Escape")
    expect(page.get_by_role("status")).to_contain_text("The payment was not approved.")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"
    assert stripe_stand_in.journal() == []


def test_a_card_is_saved_after_the_bank_asked(client, shop):
    customer = client.v1.customers.create()
    intent = client.v1.setup_intents.create({"customer": customer.id})
    page = shop(intent)
    fill_in(page, "4000 0025 0000 3155")
    bank(page).get_by_role("button", name="Complete").click()
    expect(page.get_by_role("status")).to_have_text("Intent succeeded")
    saved = client.v1.customers.payment_methods.list(customer.id).data
    assert [each.card.last4 for each in saved] == ["3155"]


def test_a_shop_that_wants_to_be_returned_to_is(client, shop):
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd"})
    page = shop(intent, "#return")
    fill_in(page, "4242 4242 4242 4242")
    expect(page.get_by_role("heading", name="Back")).to_be_visible()
    assert f"payment_intent={intent.id}" in page.url
    assert "redirect_status=succeeded" in page.url


def test_what_a_server_confirmed_is_finished_in_the_page(client, pay, shop):
    intent = pay("pm_card_authenticationRequired")
    page = shop(intent, "#next")
    page.get_by_role("button", name="Pay now").click()
    bank(page).get_by_role("button", name="Complete").click()
    expect(page.get_by_role("status")).to_have_text("Intent succeeded")


def test_a_card_element_pays_and_an_intent_is_looked_up(client, shop, stripe_stand_in):
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd"})
    page = shop(intent, "#look")
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("status")).to_have_text("Intent requires_payment_method")
    assert stripe_stand_in.journal() == []
    page.goto("about:blank")
    page = shop(intent, "#card")
    fill_in(page, "4242 4242 4242 4242")
    expect(page.get_by_role("status")).to_have_text("Intent succeeded")
    assert stripe_stand_in.total("captured") == 5000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barriers_and_fit_the_smallest_screen(client, pay, page, scheme):
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 5000}}
    session = client.v1.checkout.sessions.create(
        {"mode": "payment", "success_url": "http://localhost:1/", "line_items": [line]}
    )
    asked = pay("pm_card_authenticationRequired", return_url="http://localhost:1/")
    account = client.v1.accounts.create({"type": "express"})
    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://x",
            "refresh_url": "http://x",
        }
    )
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 700})
    pages = [session.url, asked.next_action.redirect_to_url.url, link.url]
    if (
        scheme == "light"
    ):  # the fields have no ground of their own, and axe takes the browser's dark one for white
        pages.append(f"{session.url.partition('/checkout')[0]}/js/card.html")
    for url in pages:
        page.goto(url)
        found = Axe().run(page, options=RULES).response
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == 320
