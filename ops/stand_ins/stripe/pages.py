"""The pages that Stripe would host: paying, the bank's question, onboarding. No script needed."""

from __future__ import annotations

from html import escape

from ops.stand_ins.stripe import accounts, challenges, checkout, paying, setup_intents
from ops.stand_ins.stripe.app import App
from ops.stand_ins.stripe.errors import Refusal
from ops.stand_ins.stripe.wire import Answer, Body, Request, decode
from ops.stand_ins.stripe.world import Row

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors http://localhost:* http://127.0.0.1:*"
)
CAME_THROUGH = ("succeeded", "requires_capture", "processing")


def answer(app: App, request: Request) -> Answer:
    """A page, under the world's lock like every call."""
    place, *rest = request.path.strip("/").split("/")
    show = {"checkout": _checkout, "challenge": _challenge, "onboarding": _onboarding}.get(place)
    with app.world.lock:
        app.tick()
        if show is not None and rest:
            result = show(app, request, rest)
        elif place == "express" and rest:
            result = _page(
                "Express dashboard", f"<p>Here <code>{escape(rest[0])}</code> would see its dashboard.</p>"
            )
        elif place == "receipts" and rest:
            result = _receipt(app, rest[0])
        else:
            result = _gone()
        app.keep()
    result.headers["Content-Security-Policy"] = POLICY
    return result


def _page(title: str, content: str, *, status: int = 200, script: str = "") -> Answer:
    scripts = f'<script src="/js/{script}" defer></script>' if script else ""
    return Answer.page(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/js/pages.css">{scripts}</head>'
        '<body><main><p class="mark">Stand-in for Stripe · no money moves</p>'
        f"<h1>{escape(title)}</h1>{content}"
        "</main></body></html>",
        status,
    )


def _gone() -> Answer:
    return _page("Nothing here", "<p>This page does not exist, or its time is over.</p>", status=404)


def amount(minor: int, currency: str) -> str:
    return f"{minor / 100:,.2f} {currency.upper()}"


# Checkout


def _checkout(app: App, request: Request, rest: list[str]) -> Answer:
    row = app.world.objects.get(rest[0])
    if row is None or row.body["object"] != "checkout.session":
        return _gone()
    if row.body["status"] == "complete":
        return Answer.redirect(_success(row.body))
    if row.body["status"] != "open":
        return _page("This checkout has expired", "<p>Go back to the shop and start again.</p>", status=410)
    if rest[1:] == ["return"]:
        return _back_from_challenge(app, row)
    if request.method != "POST":
        return _form(row)
    sent = decode(request.form)
    if sent.get("action") == "cancel":
        return Answer.redirect(row.body["cancel_url"] or row.body["success_url"])
    return _pay(app, row, sent)


def _success(session: Body) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _pay(app: App, row: Row, sent: Body) -> Answer:
    month, _, year = sent.get("expiry", "").replace(" ", "").partition("/")
    card = {
        "number": sent.get("number", ""), "cvc": sent.get("cvc", ""),
        "exp_month": int(month) if month.isdigit() else None,
        "exp_year": int(year) if year.isdigit() else None,
    }  # fmt: skip
    call = app.acting(row.account, f"/checkout/{row.body['id']}")
    try:
        intent = checkout.pay(call, row.body, card, email=sent.get("email"), name=sent.get("name"))
    except Refusal as refusal:
        return _form(row, sent, problem=refusal.error)
    if intent["status"] == "requires_action":
        return Answer.redirect(intent["next_action"]["redirect_to_url"]["url"])
    checkout.complete(call, row.body, intent)
    return Answer.redirect(_success(row.body))


def _back_from_challenge(app: App, row: Row) -> Answer:
    intent = app.world.objects[row.body["payment_intent"] or row.body["setup_intent"]].body
    if intent["status"] in CAME_THROUGH:
        checkout.complete(app.acting(row.account), row.body, intent)
        return Answer.redirect(_success(row.body))
    problem = intent.get("last_payment_error") or intent.get("last_setup_error")
    return _form(row, {}, problem=problem or {"message": "The payment is not complete. Try again."})


def _form(row: Row, sent: Body | None = None, *, problem: Body | None = None) -> Answer:
    session, sent = row.body, sent or {}
    items = "".join(
        f"<tr><td>{escape(item['description'])} × {item['quantity']}</td>"
        f"<td>{amount(item['amount_total'], item['currency'])}</td></tr>"
        for item in row.inner["items"]
    )
    setup = session["mode"] == "setup"
    total = "" if setup else amount(session["amount_total"], session["currency"])
    alert = (
        f'<p class="problem" role="alert" id="problem">{escape(problem["message"])}</p>' if problem else ""
    )
    email = sent.get("email") or session["customer_email"] or ""
    content = (
        (
            f"<table><caption>What you pay for</caption>{items}"
            f"<tr><th>Total</th><th>{total}</th></tr></table>"
            if items
            else ""
        )
        + alert
        + '<form method="post">'
        + _field("email", "Email", email, "email", kind="email")
        + _field("number", "Card number", sent.get("number", ""), "cc-number", hint="4242 4242 4242 4242")
        + '<div class="pair">'
        + _field("expiry", "Expiry date", sent.get("expiry", ""), "cc-exp", hint="MM / YY")
        + _field("cvc", "Security code", "", "cc-csc", hint="123")
        + "</div>"
        + _field("name", "Name on card", sent.get("name", ""), "cc-name")
        + f'<button name="action" value="pay">{"Save card" if setup else f"Pay {total}"}</button>'
        + '<button class="quiet" name="action" value="cancel" formnovalidate>Go back without paying</button>'
        + "</form>"
    )
    return _page("Save your card" if setup else "Pay", content, status=402 if problem else 200)


def _field(
    name: str, label: str, value: str, autocomplete: str, *, kind: str = "text", hint: str = ""
) -> str:
    numeric = ' inputmode="numeric"' if hint else ""
    return (
        f'<label>{label}<input type="{kind}" name="{name}" value="{escape(value)}"'
        f' autocomplete="{autocomplete}"'
        f' placeholder="{hint}"{numeric}></label>'
    )


# The bank's question


def _challenge(app: App, request: Request, rest: list[str]) -> Answer:
    identifier, token = (*rest, "")[:2]
    intent = challenges.asked(app.world, identifier, token)
    if intent is None:
        return _page(
            "This question is closed", "<p>It was answered already, or the payment was changed.</p>",
            status=410, script="done.js",
        )  # fmt: skip
    if request.method != "POST":
        return _question(intent)
    row = app.world.objects[identifier]
    passed = decode(request.form).get("answer") == "complete"
    row.inner.pop("challenge")
    answered = paying.answered if intent["object"] == "payment_intent" else setup_intents.answered
    answered(app.acting(row.account, request.path), intent, passed=passed)
    if url := challenges.way_back(app.world, identifier):
        return Answer.redirect(url)
    return _page("Thank you", "<p>You can close this window.</p>", script="done.js")


def _question(intent: Body) -> Answer:
    what = amount(intent["amount"], intent["currency"]) if "amount" in intent else "the card you are saving"
    return _page(
        "Is this you?",
        f"<p>Your bank asks you to approve <strong>{escape(what)}</strong>.</p>"
        '<form method="post"><button name="answer" value="complete">Complete</button>'
        '<button class="quiet" name="answer" value="fail">Fail</button></form>',
    )


# Onboarding of a connected account


def _onboarding(app: App, request: Request, rest: list[str]) -> Answer:
    identifier, token = (*rest, "")[:2]
    found = accounts.link(app.world, identifier, token)
    if found is None:
        return _gone()
    account, link = found
    if request.method == "POST":
        row = app.world.objects[identifier]
        complete = decode(request.form).get("answer") == "complete"
        accounts.onboard(app.acting(row.account), account, complete=complete)
        return Answer.redirect(link["return_url"])
    if link["opened"] or app.world.now() > link["until"]:
        return Answer.redirect(link["refresh_url"])
    link["opened"] = True
    app.world.dirty.add(identifier)
    return _page(
        "Get paid",
        f"<p>Stripe would ask <strong>{escape(account['email'] or identifier)}</strong> who you are, and for "
        "your bank account.</p>"
        '<form method="post"><button name="answer" value="complete">Complete everything</button>'
        '<button class="quiet" name="answer" value="leave">Leave a document out</button></form>',
    )


def _receipt(app: App, identifier: str) -> Answer:
    row = app.world.objects.get(identifier)
    if row is None or row.body["object"] != "charge":
        return _gone()
    charge = row.body
    paid, returned = amount(charge["amount_captured"], charge["currency"]), charge["amount_refunded"]
    lines = f"<p>Paid: <strong>{paid}</strong></p>"
    if returned:
        lines += f"<p>Returned or released: {amount(returned, charge['currency'])}</p>"
    return _page("Receipt", lines)
