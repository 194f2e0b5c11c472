"""The stand-in as a process: starts quickly, keeps its world in a file, ends when told, obeys only us."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
import stripe

from ops.stand_ins import beside
from ops.stand_ins.testing import Listener, StripeStandIn

PAYMENT = {
    "amount": 5000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "capture_method": "manual",
    "confirm": True,
    "return_url": "http://localhost:1/",
}


@pytest.fixture
def start():
    """Stand-ins of one's own."""
    running = []

    def begin(*options, **more):
        running.append(StripeStandIn(*options, **more))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def test_what_it_knows_outlives_its_process(start, tmp_path):
    file = ("--file", str(tmp_path / "below" / "stripe.sqlite3"))
    first = start(*file)
    key = {"idempotency_key": "k"}
    customer = first.client().v1.customers.create({"email": "ana@example.com"})
    intent = first.client().v1.payment_intents.create({**PAYMENT, "customer": customer.id}, options=key)
    gone = first.client().v1.customers.create()
    first.client().v1.customers.delete(gone.id)
    first.advance(days=1, seconds=-60)
    assert first.stop() == 0

    second = start(*file)
    client = second.client()
    assert client.v1.customers.retrieve(customer.id).email == "ana@example.com"
    assert client.v1.customers.retrieve(gone.id).deleted
    assert len(client.v1.customers.list().data) == 1
    again = client.v1.payment_intents.create({**PAYMENT, "customer": customer.id}, options=key)
    assert again.id == intent.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert client.v1.payment_intents.capture(intent.id).status == "succeeded"
    assert [line["what"] for line in second.journal()] == ["authorised", "captured"]
    assert client.v1.events.list({"type": "payment_intent.succeeded"}).data[0].data.object.id == intent.id
    assert second.problems() == []


def test_after_a_kill_nothing_that_was_answered_is_lost(start, tmp_path):
    file = ("--file", str(tmp_path / "stripe.sqlite3"))
    first = start(*file)
    intent = first.client().v1.payment_intents.create(PAYMENT)
    first.process.kill()
    first.process.wait()
    second = start(*file)
    second.expire_authorisations()
    assert second.client().v1.payment_intents.retrieve(intent.id).status == "canceled"
    assert second.problems() == []


def test_a_call_that_was_cut_after_its_work_is_not_done_again(start, tmp_path):
    file = ("--file", str(tmp_path / "stripe.sqlite3"))
    first = start(*file)
    first.fault("stall", seconds=30, after=True)
    key, paying = {"idempotency_key": "k"}, first.client()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(paying.v1.payment_intents.create, PAYMENT, options=key)
        while not first.journal(what="authorised"):
            pass
        first.process.kill()
        assert isinstance(lost.exception(), stripe.APIConnectionError)
    second = start(*file)
    again = second.client().v1.payment_intents.create(PAYMENT, options=key)
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(second.journal(what="authorised")) == 1


def test_an_event_that_nobody_took_is_sent_after_a_restart(start, tmp_path):
    listener = Listener()
    options = (
        "--file",
        str(tmp_path / "stripe.sqlite3"),
        "--webhook",
        listener.url,
        "--secret",
        listener.secret,
    )
    first = start(*options)
    first.client().v1.customers.create()
    assert first.quiet()
    first.webhooks(hold=True)
    kept = first.client().v1.customers.create()
    first.stop()
    second = start(*options)
    assert second.quiet()
    assert listener.events()[-1].data.object.id == kept.id
    assert len(listener.heard) == 2
    listener.close()


def test_a_reset_forgets_everything_in_the_file_too(start, tmp_path):
    file = ("--file", str(tmp_path / "stripe.sqlite3"))
    first = start(*file)
    first.client().v1.customers.create()
    first.reset()
    first.stop()
    assert start(*file).client().v1.customers.list().data == []


def test_it_starts_at_once_and_stays_small(start):
    stand_in = start()
    process = psutil.Process(stand_in.process.pid)
    assert sum(process.cpu_times()[:2]) < 1  # whatever others compute meanwhile
    for _ in range(100):
        stand_in.client().v1.payment_intents.create({**PAYMENT, "capture_method": "automatic"})
    assert process.memory_info().rss < 100 * 1024**2


def test_it_listens_to_this_machine_alone(stripe_stand_in):
    listening = psutil.Process(stripe_stand_in.process.pid).net_connections("tcp")
    assert {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    answer = httpx.get(f"{stripe_stand_in.url}/healthz", headers={"Host": "evil.example:80"})
    assert answer.status_code == 400


def test_commands_are_refused_to_pages_and_where_none_were_asked_for(stripe_stand_in, start):
    url = f"{stripe_stand_in.url}/_control/reset"
    assert httpx.post(url).status_code == 200
    assert httpx.post(url, headers={"Origin": "http://localhost:8000"}).status_code == 404
    closed = start(control=False)
    assert httpx.post(f"{closed.url}/_control/reset").status_code == 404
    assert closed.client().v1.customers.create().object == "customer"


def test_it_ends_politely_while_a_call_waits(start):
    stand_in = start()
    stand_in.fault("stall", seconds=30)
    with socket.create_connection(("127.0.0.1", stand_in.port)) as waiting:
        waiting.sendall(
            b"POST /v1/customers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_x\r\n\r\n"
        )
        while not stand_in.faults()[0]["struck"]:
            pass
        began = time.monotonic()
        assert stand_in.stop() == 0
        assert time.monotonic() - began < 5


def test_a_webhook_without_a_secret_is_refused():
    with pytest.raises(RuntimeError):
        StripeStandIn("--webhook", "http://localhost:1/")


# Beside the site


def test_it_runs_beside_the_site_where_no_key_is_set(tmp_path):
    found = beside.stripe({"PORT": "8107"}, tmp_path, hook="/hooks/stripe")
    assert found is not None
    role, environment = found
    assert role.name == "stripe"
    assert "--port 12217" in role.command
    assert str(tmp_path / "stripe.sqlite3") in role.command
    assert "whsec" not in role.command
    assert environment["STRIPE_API_BASE"] == "http://localhost:12217"
    assert environment["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert environment["STRIPE_PUBLISHABLE_KEY"].startswith("pk_test_")
    assert environment["STRIPE_STAND_IN_WEBHOOKS"] == "http://localhost:8107/hooks/stripe"


def test_it_takes_another_port_where_its_own_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for site in (port - beside.OFFSET, 65_000):
            role, environment = beside.stripe({"PORT": str(site)}, tmp_path, hook="/")
            assert f"--port {site + beside.OFFSET}" not in role.command
            assert environment["STRIPE_API_BASE"].rpartition(":")[2] in role.command


def test_it_stays_away_where_a_key_is_set_or_payments_are_off(tmp_path):
    off = [{"PORT": "8107", "PAYMENTS": word} for word in ("0", "off", "False")]
    for elsewhere in ({"STRIPE_SECRET_KEY": "sk_live_real", "PAYMENTS": "1"}, *off):
        assert beside.stripe(elsewhere, tmp_path, hook="/") is None


def test_the_environment_beside_the_site_is_enough_for_the_client(start, tmp_path, monkeypatch):
    _, environment = beside.stripe({"PORT": "1"}, tmp_path, hook="/")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stand_in = start()
    client = stripe.StripeClient(environment["STRIPE_SECRET_KEY"], base_addresses={"api": stand_in.url})
    client.v1.customers.create()
    assert stand_in.command("GET", "deliveries")["waiting"] >= 1
