"""Probes: what they answer when all is well, and when each thing they depend on is not."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from django.db.migrations.recorder import MigrationRecorder

ASK = """
import django, json, sys
django.setup()
from django.test import Client
answer = Client().get(sys.argv[1])
print(json.dumps([answer.status_code, answer.json()]))
"""


def ask_elsewhere(path: str, **environment: str) -> tuple[int, dict[str, str]]:
    """The probe's answer in a process with other settings."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, path],
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "instainstru.settings", **environment},
        capture_output=True,
        text=True,
    )
    status, body = json.loads(done.stdout)
    return status, body


def test_a_living_process_says_so_without_asking_the_database(client):
    answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_site_that_can_serve_is_ready(client, django_assert_num_queries):
    with django_assert_num_queries(3):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "cache": "ok", "migrations": "ok"}


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named(client):
    MigrationRecorder.Migration.objects.filter(app="accounts", name="0001_initial").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "database": "ok",
        "cache": "ok",
        "migrations": "1 to apply: accounts.0001_initial",
    }


def test_without_a_database_the_process_lives_but_is_not_ready():
    nowhere = {"DATABASE_URL": "postgresql://secretuser:secretword@127.0.0.1:9/app"}
    assert ask_elsewhere("/livez", **nowhere) == (200, {"status": "ok"})
    status, body = ask_elsewhere("/readyz", **nowhere)
    assert status == 503
    assert body == {
        "status": "unavailable",
        "database": "does not answer (OperationalError)",
        "cache": "ok",
        "migrations": "does not answer (OperationalError)",
    }


def test_without_a_cache_it_is_not_ready():
    status, body = ask_elsewhere("/readyz", REDIS_URL="redis://127.0.0.1:9/0")
    assert status == 503
    assert body["cache"] == "does not answer (ConnectionError)"
    assert body["database"] == "ok"


def test_probes_answer_whatever_host_they_are_asked_by(client):
    assert client.get("/livez", headers={"host": "10.1.2.3"}).status_code == 200
    assert client.get("/metrics", headers={"host": "10.1.2.3"}).status_code == 200


def test_probes_change_nothing(client):
    assert client.post("/livez").status_code == 405
    assert client.post("/readyz").status_code == 405


def test_several_web_processes_answer_with_the_sum_of_their_metrics(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "ops/gunicorn.py", "instainstru.wsgi"],
        env={**os.environ, **metrics, "PORT": str(port), "WEB_CONCURRENCY": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        until_answered(f"{address}/livez")
        for _ in range(20):
            fetch(f"{address}/no-such-page", expected=404)
        counted = re.search(
            r"^django_http_requests_before_middlewares_total (\d+)", fetch(f"{address}/metrics"), re.M
        )
        assert counted
        assert int(counted[1]) == 20
        exported = fetch(f"{address}/metrics")
        for name, labels in (
            ("responses_total_by_status_view_method_total", 'method="GET",status="404"'),
            ("requests_latency_seconds_by_view_method_count", 'method="GET"'),
        ):
            missed = re.search(
                rf'^django_http_{name}{{{labels},view="<unnamed view>"}} ([\d.]+)', exported, re.M
            )
            assert missed, name
            assert float(missed[1]) == 20
        assert len(list(tmp_path.glob("counter_*.db"))) > 1
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


def until_answered(address: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            fetch(address)
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)


def fetch(address: str, expected: int = 200) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            status, body = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, body = error.code, ""
    assert status == expected
    return body
