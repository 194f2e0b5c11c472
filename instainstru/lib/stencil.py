"""A template that is printed many times a page: rendered once for each shape, then only filled in.

Rendering costs a few microseconds a variable, which twenty cards of forty variables make milliseconds.
Here the template engine renders an item of each shape once, with a mark in place of each text; after
that an item is its texts, escaped, between the pieces around the marks. Two items have one shape when the
same texts are empty, the same flags are set and the same lists are equally long, so every ``if`` and
``for`` of the template goes the same way.

The template may print, test and loop over what it is given, and nothing else: no filter and no tag may
look at a text. Texts are ``str``; flags are ``bool`` or None.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from html import escape
from typing import Any

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

MARK = re.compile("\x02([0-9]+)\x03")
# Shapes are few; whoever makes a thousand of them uses this for the wrong thing.
MOST_SHAPES = 1000


class Stencil:
    """The shapes of one template seen so far; one of these for each template and process."""

    def __init__(self, template: str) -> None:
        self.template = template
        self._pieces: dict[Hashable, list[Any]] = {}

    def fill(self, items: Iterable[Mapping[str, Any]], common: Mapping[str, Any]) -> str:
        """The template for each item, which it knows as ``item`` beside the ``common`` values."""
        head: list[Hashable] = [get_language()]
        shared: list[str] = []
        _collect(dict(common), head, shared)
        filled = []
        for item in items:
            shape, texts = head[:], shared[:]
            _collect(item, shape, texts)
            key = tuple(shape)
            pieces = self._pieces.get(key) or self._cut(key, item, common)
            filled.extend([texts[one] if type(one) is int else one for one in pieces])
        return "".join(filled)

    def _cut(self, key: Hashable, item: Mapping[str, Any], common: Mapping[str, Any]) -> list[Any]:
        """What stands between the texts, and in their places their numbers."""
        numbers = iter(range(1_000_000))
        marked = {**_marked(dict(common), numbers), "item": _marked(item, numbers)}
        pieces: list[Any] = MARK.split(get_template(self.template).render(marked))
        pieces[1::2] = map(int, pieces[1::2])
        if len(self._pieces) > MOST_SHAPES:
            self._pieces.clear()
        self._pieces[key] = pieces
        return pieces


def _collect(value: Any, shape: list[Hashable], texts: list[str]) -> None:
    """Add the value's shape, and its texts in order, escaped unless they are markup already."""
    kind = type(value)
    if kind is str:
        shape.append(value != "")
        if value:
            texts.append(escape(value))
    elif kind is dict:
        shape.append(tuple(value))
        for one in value.values():
            # As above, without the call: nearly everything there is is a text in a dict.
            if type(one) is str:
                shape.append(one != "")
                if one:
                    texts.append(escape(one))
            else:
                _collect(one, shape, texts)
    elif kind is list:
        shape.append(len(value))
        for one in value:
            _collect(one, shape, texts)
    elif kind is SafeString:
        shape.append(value != "")
        if value:
            texts.append(value)
    elif value is None or kind is bool:
        shape.append(value)
    else:
        shape.append(True)
        texts.append(escape(str(value)))


def _marked(value: Any, numbers: Any) -> Any:
    """The value with a mark for each text, numbered as ``_collect`` orders them."""
    if isinstance(value, dict):
        return {name: _marked(one, numbers) for name, one in value.items()}
    if isinstance(value, list):
        return [_marked(one, numbers) for one in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return mark_safe(f"\x02{next(numbers)}\x03")  # noqa: S308 - two control characters and digits


_stencils: dict[str, Stencil] = {}


def fill_all(template: str, items: Iterable[Mapping[str, Any]], **common: Any) -> SafeString:
    """The template once for each item, which it knows as ``item``; ``common`` values are there as well."""
    stencil = _stencils.get(template)
    if stencil is None:
        stencil = _stencils[template] = Stencil(template)
    return mark_safe(stencil.fill(items, common))  # noqa: S308 - texts are escaped where they are collected
