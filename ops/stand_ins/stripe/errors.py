"""Refusals in Stripe's published error shape, with the status that belongs to each."""

from __future__ import annotations

from typing import Any

from ops.stand_ins.stripe.wire import Answer, Body


class Refusal(Exception):
    """An answer that is an error.

    ``began`` says whether the endpoint had started to work: only such answers are kept under an
    idempotency key, so that a request with a slip in it may be sent again, corrected, under the same key.
    """

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None,
        param: str | None = None, began: bool = True, headers: dict[str, str] | None = None, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.began, self.headers = status, began, headers or {}
        self.error: Body = {"type": kind, "message": message}
        if code:
            self.error |= {
                "code": code,
                "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
            }
        if param:
            self.error["param"] = param
        self.error |= {name: value for name, value in more.items() if value is not None}

    def answer(self) -> Answer:
        return Answer.of(self.status, {"error": self.error}, **self.headers)


def bad_parameter(message: str, param: str, code: str | None = None) -> Refusal:
    """A parameter that no endpoint would have begun to work with."""
    return Refusal(400, message, param=param, code=code, began=False)


def invalid(message: str, *, code: str | None = None, param: str | None = None, **more: Any) -> Refusal:
    return Refusal(400, message, code=code, param=param, **more)


def missing(kind: str, identifier: str, param: str = "id") -> Refusal:
    return Refusal(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def unexpected_state(kind: str, verb: str, body: Body, wanted: str) -> Refusal:
    code = "setup_intent_unexpected_state" if kind == "setup_intent" else "payment_intent_unexpected_state"
    more: Body = {kind: body}
    return Refusal(
        400,
        f"This {kind} has status {body['status']} and cannot be {verb}; that needs {wanted}.",
        code=code,
        **more,
    )


def unauthorised(message: str) -> Refusal:
    return Refusal(401, message, began=False)


def forbidden(message: str, code: str | None = None) -> Refusal:
    return Refusal(403, message, code=code, began=False)


def not_found(method: str, path: str) -> Refusal:
    return Refusal(404, f"Unrecognized request URL ({method}: {path}).", began=False)
