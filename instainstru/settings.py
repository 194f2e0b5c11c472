"""Settings, read from the environment (``docs/interface`` names them); defaults suit development only."""

from __future__ import annotations

import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from instainstru import embedded
from instainstru.lib import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)
TESTING = "pytest" in sys.modules
DEVELOPMENT_KEY = "development-only-and-known-to-everybody"
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY if DEBUG else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = [f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS] if not DEBUG else []
APP_CLOCK_OFFSET = env.int("APP_CLOCK_OFFSET", default=0)
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{env.int('PORT', default=8000)}")
SITE_NAME = "InstaInstru"
# Who sells: printed on receipts.
BUSINESS_NAME = env.str("BUSINESS_NAME", default=SITE_NAME)
BUSINESS_ADDRESS = env.str("BUSINESS_ADDRESS", default="")
BUSINESS_TAX_ID = env.str("BUSINESS_TAX_ID", default="")
BUSINESS_EMAIL = env.str("BUSINESS_EMAIL", default="")
CURRENCY = "USD"
# Where visitors are taken to be until their browser says otherwise.
SITE_TIME_ZONE = "America/New_York"
# Instructors paint their week in cells of so many minutes; what lies between is typed.
EDITOR_CELL_MIN = 30

INSTALLED_APPS = [
    "instainstru.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "django_prometheus",
    "csp",
    "instainstru.apps.InstaInstruConfig",
    "instainstru.events",
    "instainstru.rules",
    "instainstru.accounts",
    "instructors",
    "students",
    "bookings",
]

MIDDLEWARE = [
    "instainstru.lib.health.ProbesMiddleware",
    "instainstru.lib.logs.RequestLogMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "instainstru.lib.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "instainstru.lib.http.ContentPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "instainstru.lib.http.DomainErrorMiddleware",
    "instainstru.lib.metrics.ViewMetricsMiddleware",
]

ROOT_URLCONF = "instainstru.urls"
WSGI_APPLICATION = "instainstru.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "instructors.context.role",
                "instructors.context.office",
                "bookings.context.money",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

DATABASE_URL = env.str("DATABASE_URL", default="") or (embedded.database_url() if DEBUG else "")
REDIS_URL = env.str("REDIS_URL", default="") or (embedded.redis_url() if DEBUG else "")
DATABASES = {
    "default": {
        **environ.Env.db_url_config(DATABASE_URL or "postgres://unset"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.str("TEST_DATABASE", default="test_instainstru")},
    }
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "instainstru.lib.postgresql"
# Who cannot be reached must be noticed in seconds, not when the kernel gives up.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# For what is prepared by hand (``lib/prepared.py``): planning it takes longer than running it.
DATABASES["default"]["OPTIONS"].setdefault("options", "-c plan_cache_mode=force_generic_plan")
if "," in str(DATABASES["default"].get("HOST") or DATABASES["default"]["OPTIONS"].get("host", "")):
    # Of several hosts the one that takes writes, also when another has become it.
    DATABASES["default"]["OPTIONS"].setdefault("target_session_attrs", "read-write")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL or "redis://unset",
        "KEY_PREFIX": "ii",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 5},
    },
    # Counts requests (RATELIMIT_USE_CACHE).
    "limits": {
        "BACKEND": "instainstru.lib.limits.CounterCache",
        "LOCATION": REDIS_URL or "redis://unset",
        "KEY_PREFIX": "ii",
    },
}
# Searches of so many seconds are written down together (``instructors/services/search/log.py``).
SEARCH_LOG_DELAY = 1.0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
if not DEBUG:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["instainstru.accounts.backend.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:after_sign_in"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "instainstru.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "instainstru.accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
SIX_DIGITS = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_FORMAT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = SIX_DIGITS
# As `accounts/codes.py` says in the mail.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 10 * 60
# One address each; another takes its place once it is verified.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / ".data" / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / ".data" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "instainstru.lib.mailbox.MailboxBackend"
MAILBOX_DIR = embedded.data_dir() / "mail"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="InstaInstru <hello@instainstru.example>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "instainstru.accounts.authentication.ApiKeyAuthentication",
        "instainstru.accounts.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["instainstru.accounts.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["instainstru.lib.parsing.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "instainstru.lib.openapi.Operation",
    "EXCEPTION_HANDLER": "instainstru.lib.problems.problem",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "InstaInstru",
    "DESCRIPTION": "Find instructors' bookable times, hold one, book it, follow what happens.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SORT_OPERATIONS": False,
    "ENUM_NAME_OVERRIDES": {
        "BookingStatus": "bookings.models.Status",
        "Party": "bookings.models.Party",
        "AbsentParty": "bookings.serializers.ABSENT",
        "CancellationTier": "bookings.services.policies.Tier",
        "Modality": "instructors.models.Modality",
        "MoveRequestStatus": "bookings.models.RequestStatus",
        "NoShowReportStatus": "bookings.models.ReportStatus",
        "InstructorStatus": "instructors.models.Instructor.Status",
    },
}
# Payments are on where there are keys. In development that is the stand-in which `make run` starts beside
# the site; PAYMENTS=0 does without.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")
if DEBUG and not TESTING and not STRIPE_SECRET_KEY and env.bool("PAYMENTS", default=True):
    STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY = "sk_test_standin", "pk_test_standin"
    STRIPE_WEBHOOK_SECRETS = ["whsec_standin"]
    STRIPE_API_BASE = f"http://localhost:{env.int('PORT', default=8000) + 4110}"

RATELIMIT_ENABLE = env.bool("RATELIMIT_ENABLE", default=True)
# Signing in is counted by `lib/limits.py`; allauth counts the rest, and failures of one address.
ACCOUNT_RATE_LIMITS = {"login": None, "request_login_code": "20/m/ip,3/m/key"} if RATELIMIT_ENABLE else False
RATELIMIT_USE_CACHE = "limits"
RATELIMIT_FAIL_OPEN = True
RATELIMIT_IP_META_KEY = "instainstru.lib.http.client_address"
# How many proxies of ours stand between a visitor and this process.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Whether instructors' own calendars may be read from this machine itself; for development and tests.
CALENDAR_ALLOW_LOOPBACK = env.bool("CALENDAR_ALLOW_LOOPBACK", default=False)

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOGGING = logs.configure(level=LOG_LEVEL, form=LOG_FORMAT)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
