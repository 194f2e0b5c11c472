"""What production refuses to start with; by real processes, because settings are read only once in each."""

import os
import subprocess
import sys

import pytest

from instainstru import checks, embedded

SAFE = {
    "DEBUG": "0",
    "SECRET_KEY": "k3Vd0pX9wQ2mZ7rT5yB8nC1sF4gH6jL0-aE_uIoPqWxYzRtNbM5cD7",
    "ALLOWED_HOSTS": "lessons.example",
    "DATABASE_URL": "postgresql://app@db.example/app",
    "REDIS_URL": "redis://cache.example:6379/0",
    "EMAIL_URL": "smtp+tls://app@mail.example:587",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_x",
    "STRIPE_WEBHOOK_SECRETS": "whsec_x",
}
ENTRY_POINTS = {
    "manage.py": ["manage.py", "check"],
    "web": ["-c", "import instainstru.wsgi"],
    "worker": ["-m", "celery", "--app", "instainstru.celery", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "--app", "instainstru.celery", "beat"],
}


def start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DATA_DIR") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, check=False, env={**kept, **settings}, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("door", ENTRY_POINTS)
def test_production_without_settings_names_all_that_is_missing_at_once(door):
    done = start(*ENTRY_POINTS[door], DEBUG="0")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        assert f"{name} is not set" in said


def test_production_with_safe_settings_starts_and_never_the_embedded_servers(tmp_path):
    done = start("-c", "import instainstru.wsgi", **{**SAFE, "DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists()


def test_production_without_payments_starts():
    done = start("-c", "import instainstru.wsgi", **{k: v for k, v in SAFE.items() if "STRIPE" not in k})
    assert done.returncode == 0, done.stderr


def test_safe_settings_pass_the_deploy_check_without_a_warning():
    done = start("manage.py", "check", "--deploy", "--tag", "security", "--fail-level", "WARNING", **SAFE)
    assert done.returncode == 0, done.stderr


def test_production_refuses_unsafe_values_in_one_go():
    unsafe = {"SECRET_KEY": "short", "ALLOWED_HOSTS": "*", "APP_CLOCK_OFFSET": "60", "RATELIMIT_ENABLE": "0"}
    done = start(
        "-c", "import instainstru.wsgi", **{**SAFE, **unsafe, "DATABASE_URL": "sqlite:///db.sqlite3"}
    )
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    said = done.stderr[done.stderr.rindex("unsafe settings.") :].splitlines()[1:]
    assert [line.split()[0] for line in said] == ["DATABASE_URL", *unsafe]


@pytest.mark.parametrize("first", ["/nowhere", "127.0.0.1"])
def test_of_several_database_hosts_the_one_that_takes_writes_is_used(first):
    server = embedded.database_url().partition("host=")[2]
    shown = """
from django.db import connection
print(connection.cursor().connection.info.host, connection.get_connection_params()["target_session_attrs"])
"""
    settings = {"DATABASE_URL": f"postgresql://postgres@/postgres?host={first},{server}&port=1,5432"}
    done = start("manage.py", "shell", "--no-imports", "-c", shown, **settings)
    assert done.stdout.split() == [server, "read-write"], done.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY can be guessed."),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY can be guessed."),
        ("SECRET_KEY", "django-insecure-" + SAFE["SECRET_KEY"], "SECRET_KEY can be guessed."),
        ("SECRET_KEY", "", "SECRET_KEY is not set."),
        ("SECRET_KEY", "development-only-and-known-to-everybody", "SECRET_KEY is not set."),
        ("ALLOWED_HOSTS", [], "ALLOWED_HOSTS is not set, or allows every host."),
        ("ALLOWED_HOSTS", ["lessons.example", "*"], "ALLOWED_HOSTS is not set, or allows every host."),
        ("APP_CLOCK_OFFSET", -1, "APP_CLOCK_OFFSET shifts the clock, which is for development."),
        ("RATELIMIT_ENABLE", False, "RATELIMIT_ENABLE is off, which is for development."),
        ("EMAIL_BACKEND", "instainstru.lib.mailbox.MailboxBackend", "EMAIL_URL is not set."),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY or STRIPE_PUBLISHABLE_KEY is not set."),
        ("STRIPE_PUBLISHABLE_KEY", "", "STRIPE_SECRET_KEY or STRIPE_PUBLISHABLE_KEY is not set."),
        ("STRIPE_WEBHOOK_SECRETS", [], "STRIPE_WEBHOOK_SECRETS is not set."),
    ],
)
def test_each_unsafe_value_is_named_alone(settings, name, value, complaint):
    settings.DEBUG = False
    settings.SECRET_KEY = SAFE["SECRET_KEY"]
    settings.ALLOWED_HOSTS = ["lessons.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.RATELIMIT_ENABLE = True
    settings.APP_CLOCK_OFFSET = 0
    settings.STRIPE_SECRET_KEY = settings.STRIPE_PUBLISHABLE_KEY = "live"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec"]
    assert checks.production_settings() == []
    setattr(settings, name, value)
    assert [problem.msg for problem in checks.production_settings()] == [complaint]


def test_development_needs_no_settings():
    done = start("manage.py", "check", DATA_DIR=str(embedded.data_dir()))
    assert done.returncode == 0, done.stderr


def test_development_may_shift_the_clock(settings):
    settings.DEBUG = True
    settings.APP_CLOCK_OFFSET = 60
    assert checks.production_settings() == []
