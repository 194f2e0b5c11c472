"""Filling in is rendering: the same markup for every item, whatever its texts hold."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import engines
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from instainstru.lib.stencil import fill_all

TIMES = st.lists(st.fixed_dictionaries({"label": st.text(), "value": st.text()}), max_size=3)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.text(), "photo": st.text(max_size=3), "verified": st.booleans(), "eager": st.none(),
            "offering": st.integers(), "days": st.lists(st.fixed_dictionaries({"times": TIMES}), max_size=3),
        }
    ),
    max_size=4,
)  # fmt: skip
BODY = """<li{% if item.verified %} class="verified"{% endif %}>{{ item.name }}{% if item.photo %}
<img src="{{ item.photo }}">{% endif %}{% for day in item.days %}{% for time in day.times %}
<button value="{{ time.value }}">{{ time.label }}</button>{% endfor %}{% empty %}none{% endfor %}
{{ item.offering }} {{ token }}</li>"""


@pytest.fixture
def body(monkeypatch: pytest.MonkeyPatch) -> Any:
    template = engines["django"].from_string(BODY)
    monkeypatch.setattr("instainstru.lib.stencil.get_template", lambda name: template)
    monkeypatch.setattr("instainstru.lib.stencil._stencils", {})
    return template


def test_filled_items_are_rendered_items(body: Any):
    @given(items=ITEMS, token=st.text())
    def same(items: list[dict[str, Any]], token: str) -> None:
        rendered = "".join(body.render({"item": item, "token": token}) for item in items)
        assert fill_all("any.html", items, token=token) == rendered

    same()


def test_markup_stays_markup_and_text_becomes_text(body: Any):
    items = [{"name": mark_safe("<b>bold</b>")}, {"name": "<b>bold</b>"}]
    made = fill_all("any.html", items, token="")
    assert "<b>bold</b>" in made
    assert "&lt;b&gt;bold&lt;/b&gt;" in made


def test_items_with_other_keys_are_other_shapes(body: Any):
    made = fill_all("any.html", [{"name": "a", "photo": "b"}, {"photo": "b", "name": "a"}], token="")
    first, second = made.split("</li>")[:2]
    assert first == second


def test_a_part_that_is_printed_once_knows_nothing_of_the_page():
    template = engines["django"].from_string(
        "{% load stencil %}{% once %}<{{ name }}>{% endonce %}{{ name }}"
    )
    assert template.render({"name": "a"}) == "<>a"
    assert template.render({"name": "b"}) == "<>b"


def test_every_body_of_ours_loads():
    for name in ("instructors/result.html", "components/option.html", "components/radio.html"):
        assert get_template(name)
