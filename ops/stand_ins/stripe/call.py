"""One call of an endpoint: who asks, for which account, with what; and how its answer is rendered."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ops.stand_ins.stripe import shapes
from ops.stand_ins.stripe.errors import bad_parameter, missing
from ops.stand_ins.stripe.faults import Faults
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import World

BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


@dataclass
class Call:
    world: World
    faults: Faults
    account: str
    base: str  # where the stand-in's own pages are
    path: str = ""
    ids: tuple[str, ...] = ()
    params: Body = field(default_factory=dict)
    browser: bool = False  # asked with a publishable key, which may do little

    def find(self, kind: str, identifier: Any = None, param: str = "id") -> Body:
        return self.world.find(self.account, kind, identifier or self.ids[0], param)

    def change(self, kind: str, identifier: Any = None, param: str = "id") -> Body:
        return self.world.change(self.account, kind, identifier or self.ids[0], param)


def fill(body: Body, params: Body, names: str) -> Body:
    """Takes over the named parameters where they were sent; returns what was there before."""
    before: Body = {}
    for name in names.split():
        if name not in params:
            continue
        value = merged(body["metadata"], params[name]) if name == "metadata" else params[name]
        if value != body[name]:
            before[name] = copy.deepcopy(body[name])
            body[name] = value
    return before


def merged(kept: dict[str, str], sent: dict[str, str] | None) -> dict[str, str]:
    """Keys sent are set, empty ones deleted, the others stay; nothing at all clears them."""
    return {} if sent is None else {name: value for name, value in {**kept, **sent}.items() if value}


def page(call: Call, bodies: Iterable[Body]) -> Body:
    """A page of a list, the newest first, from or up to an object that the caller has seen."""
    limit = call.params.get("limit", 10)
    if limit is None or not 1 <= limit <= 100:
        raise bad_parameter("limit must be between 1 and 100.", "limit", "parameter_invalid_integer")
    wanted = [body for body in bodies if _created(call.params.get("created"), body["created"])]
    names = [body["id"] for body in wanted]
    if (after := call.params.get("starting_after")) is not None:
        wanted = wanted[_position(names, after, "starting_after") + 1 :]
    if (before := call.params.get("ending_before")) is not None:
        wanted = wanted[: _position(names, before, "ending_before")]
        return shapes.listing(call.path, wanted[-limit:], more=len(wanted) > limit)
    return shapes.listing(call.path, wanted[:limit], more=len(wanted) > limit)


def listed(call: Call, kind: str, *names: str) -> Body:
    """A page of the account's objects of a kind whose named fields are as the call asks, where it does."""
    wanted = {name: call.params[name] for name in names if name in call.params}
    found = call.world.all(call.account, kind)
    return page(call, (each for each in found if all(each[name] == value for name, value in wanted.items())))


def _created(wanted: Any, created: int) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    return all(BOUNDS[name](created, bound) for name, bound in wanted.items())


def _position(names: list[str], identifier: str, param: str) -> int:
    try:
        return names.index(identifier)
    except ValueError:
        raise missing("object", identifier, param) from None


def expanded(world: World, body: Body, paths: list[str]) -> Body:
    """The body with identifiers at these paths replaced by what they name."""
    if not paths:
        return body
    body = copy.deepcopy(body)
    for path in paths:
        _expand(world, body, path.split("."), path)
    return body


def _expand(world: World, body: Any, path: list[str], whole: str) -> None:
    if isinstance(body, list):
        for each in body:
            _expand(world, each, path, whole)
        return
    if not isinstance(body, dict):
        return
    name, rest = path[0], path[1:]
    if name == "refunds" and body.get("object") == "charge":
        body[name] = _refunds(world, body)
    if name not in body:
        raise bad_parameter(f"This property cannot be expanded ({whole}).", "expand")
    if isinstance(value := body[name], str):
        row = world.objects.get(value)
        if row is None:
            raise bad_parameter(f"This property cannot be expanded ({whole}).", "expand")
        body[name] = copy.deepcopy(row.body)
    if rest:
        _expand(world, body[name], rest, whole)


def _refunds(world: World, charge: Body) -> Body:
    found = [each for each in world.all(world.owner(charge), "refund") if each["charge"] == charge["id"]]
    return shapes.listing(f"/v1/charges/{charge['id']}/refunds", copy.deepcopy(found))
