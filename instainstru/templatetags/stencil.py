"""``{% each cards "instructors/result.html" %}`` and ``{% once %}…{% endonce %}``: printing less often."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from instainstru.lib import stencil

register = template.Library()


@register.simple_tag
def each(items: Any, body: str, **common: Any) -> SafeString:
    """The template ``body`` for each of ``items``, known there as ``item``; forms need ``csrf_token`` passed.

    What the body may do is said in ``instainstru/lib/stencil.py``.
    """
    return stencil.fill_all(body, items or [], **common)


class Once(template.Node):
    """A part that is the same on every page of a language: rendered by the first that needs it."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.rendered: dict[str | None, SafeString] = {}

    def render(self, context: Any) -> SafeString:
        language = get_language()
        found = self.rendered.get(language)
        if found is None:
            # Without the page's context: what would differ from page to page is not there to be printed.
            found = self.rendered[language] = self.nodelist.render(context.new())
        return found


@register.tag
def once(parser: Parser, token: Token) -> Once:
    """Static files, addresses, words: nothing in here may depend on the page."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(nodelist)
