"""Connected accounts: what Stripe still wants to know of them, and the links to its pages."""

from __future__ import annotations

from ops.stand_ins.stripe import params, shapes_connect
from ops.stand_ins.stripe.call import Call, fill, page
from ops.stand_ins.stripe.errors import invalid, missing
from ops.stand_ins.stripe.params import anything, choice, currency, either, flag, group, metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import PLATFORM, World

LINK_SECONDS = 300
BANK: params.Schema = {
    "object": choice("bank_account"), "account_holder_name": text, "account_number": text, "country": text,
    "account_holder_type": text, "currency": currency, "routing_number": text,
}  # fmt: skip
UPDATE: params.Schema = {
    "business_profile": anything,
    "business_type": choice("individual", "company", "non_profit", "government_entity"),
    "capabilities": group({name: group({"requested": flag}) for name in ("card_payments", "transfers")}),
    "email": text, "external_account": either(text, group(BANK)), "individual": anything, "company": anything,
    "metadata": metadata, "settings": anything, "tos_acceptance": anything, "default_currency": currency,
}  # fmt: skip
CREATE: params.Schema = {
    **UPDATE, "type": choice("express", "custom", "standard"), "country": text, "controller": anything,
}  # fmt: skip
LINK: params.Schema = {
    "account": text, "refresh_url": text, "return_url": text,
    "type": choice("account_onboarding", "account_update"),
    "collect": choice("currently_due", "eventually_due"), "collection_options": anything,
}  # fmt: skip
EXTERNAL: params.Schema = {
    "external_account": either(text, group(BANK)), "default_for_currency": flag, "metadata": metadata,
}  # fmt: skip
EXTERNALS: params.Schema = {**params.PAGE, "object": choice("bank_account", "card")}
PLAIN = "business_type email metadata default_currency"


def create(call: Call) -> Body:
    account = shapes_connect.account() | {"id": call.world.identifier("acct", 16)}
    account["external_accounts"]["url"] = f"/v1/accounts/{account['id']}/external_accounts"
    fill(account, call.params, f"{PLAIN} country type")
    if call.params.get("controller"):
        account["controller"] = {**account["controller"], **call.params["controller"]}
        account["type"] = account["type"] if "type" in call.params else "none"
    _request(account, call.params)
    call.world.add(PLATFORM, "acct", account)
    if "external_account" in call.params:
        add_bank(call, account, call.params["external_account"])
    call.world.emit("account.updated", account, account=account["id"])
    return account


def _request(account: Body, sent: Body) -> None:
    for name, wanted in (sent.get("capabilities") or {}).items():
        if wanted and wanted.get("requested"):
            account["capabilities"].setdefault(name, "inactive")
    for name in ("business_profile", "settings", "tos_acceptance"):
        account[name] = _laid_over(account[name], sent.get(name) or {})


def _laid_over(kept: Body, sent: Body) -> Body:
    result = dict(kept)
    for name, value in sent.items():
        below = kept.get(name)
        result[name] = (
            _laid_over(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
        )
    return result


def mine(call: Call, identifier: str) -> Body:
    """An account of the platform's, or the one that is asking itself."""
    if call.account not in (PLATFORM, identifier):
        raise missing("account", identifier)
    return call.world.change(PLATFORM, "account", identifier)


def retrieve(call: Call) -> Body:
    return mine(call, call.ids[0])


def current(call: Call) -> Body:
    """The account that asks; the platform itself has no onboarding to do."""
    if call.account != PLATFORM:
        return call.world.find(PLATFORM, "account", call.account)
    own = shapes_connect.account() | {
        "id": PLATFORM, "type": "standard", "charges_enabled": True, "payouts_enabled": True,
        "details_submitted": True, "requirements": shapes_connect.requirements([], None),
        "capabilities": {"card_payments": "active", "transfers": "active"},
    }  # fmt: skip
    own["controller"] = {"type": "account"}
    return own


def update(call: Call) -> Body:
    account = mine(call, call.ids[0])
    before = fill(account, call.params, PLAIN)
    _request(account, call.params)
    if "external_account" in call.params:
        add_bank(call, account, call.params["external_account"])
    call.world.emit("account.updated", account, account=account["id"], before=before)
    return account


def delete(call: Call) -> Body:
    account = mine(call, call.ids[0])
    call.world.remove(account)
    return {"id": account["id"], "object": "account", "deleted": True}


def index(call: Call) -> Body:
    return page(call, call.world.all(PLATFORM, "account"))


def onboard(call: Call, account: Body, *, complete: bool) -> None:
    """The person filled Stripe's form in: wholly, or so that a document is still wanted."""
    call.world.change(PLATFORM, "account", account["id"])
    if complete and not account["external_accounts"]["data"]:
        add_bank(call, account, {})
    account |= {
        "details_submitted": True, "charges_enabled": complete, "payouts_enabled": complete,
        "requirements": shapes_connect.requirements(
            [] if complete else shapes_connect.DUE_AFTER_A_BREAK,
            None if complete else "requirements.past_due"
        ),
    }  # fmt: skip
    for name in account["capabilities"] or {"transfers": ""}:
        account["capabilities"][name] = "active" if complete else "pending"
    account["tos_acceptance"]["date"] = call.world.now()
    call.world.emit(
        "account.updated", account, account=account["id"], before={"charges_enabled": not complete}
    )


def restrict(call: Call, account: Body, due: list[str]) -> None:
    """Stripe wants to know more, and stops charges and payouts until it does."""
    call.world.change(PLATFORM, "account", account["id"])
    account |= {
        "charges_enabled": False, "payouts_enabled": False,
        "requirements": shapes_connect.requirements(due, "requirements.past_due"),
    }  # fmt: skip
    for name in account["capabilities"]:
        account["capabilities"][name] = "inactive"
    call.world.emit("account.updated", account, account=account["id"], before={"charges_enabled": True})


def add_bank(call: Call, account: Body, sent: Body | str) -> Body:
    body = shapes_connect.bank_account() | {"account": account["id"], "currency": account["default_currency"]}
    if isinstance(sent, dict):
        number = sent.get("account_number") or "000123456789"
        body |= {
            name: sent[name] for name in ("country", "currency", "account_holder_name") if sent.get(name)
        }
        body |= {"last4": number[-4:], "routing_number": sent.get("routing_number") or body["routing_number"]}
    body["fingerprint"] = call.world.identifier("", 16)[1:]
    bank = call.world.add(PLATFORM, "ba", body)
    account["external_accounts"]["data"].insert(0, bank)
    call.world.emit("account.external_account.created", bank, account=account["id"])
    return bank


def create_external(call: Call) -> Body:
    account = mine(call, call.ids[0])
    return add_bank(call, account, call.params["external_account"])


def externals(call: Call) -> Body:
    return page(call, mine(call, call.ids[0])["external_accounts"]["data"])


def create_link(call: Call) -> Body:
    """One visit within five minutes; after that the page sends its visitor back to ``refresh_url``."""
    account = mine(call, call.params["account"])
    if not call.params.get("refresh_url") or not call.params.get("return_url"):
        raise invalid("refresh_url and return_url are needed.", param="return_url", code="parameter_missing")
    token, now = call.world.identifier("", 24)[1:], call.world.now()
    call.world.inner(account).setdefault("links", {})[token] = {
        "until": now + LINK_SECONDS, "return_url": call.params["return_url"],
        "refresh_url": call.params["refresh_url"], "opened": False,
    }  # fmt: skip
    return shapes_connect.account_link() | {
        "created": now, "expires_at": now + LINK_SECONDS,
        "url": f"{call.base}/onboarding/{account['id']}/{token}",
    }  # fmt: skip


def link(world: World, identifier: str, token: str) -> tuple[Body, Body] | None:
    """The account and what is known of the link, if both exist."""
    row = world.objects.get(identifier)
    if row is None or row.body["object"] != "account":
        return None
    found = row.inner.get("links", {}).get(token)
    return (row.body, found) if found else None


def create_login_link(call: Call) -> Body:
    account = mine(call, call.ids[0])
    if not account["details_submitted"]:
        raise invalid("The account has not completed its onboarding.")
    return {
        "object": "login_link", "created": call.world.now(), "url": f"{call.base}/express/{account['id']}",
    }  # fmt: skip
