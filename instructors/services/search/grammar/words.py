"""Every word the grammar knows: what a misspelt word may have meant, beside names and filler."""

from __future__ import annotations

from instructors.services.search.grammar import (
    clocks,
    days,
    lengths,
    numbers,
    people,
    prices,
    times,
    ways,
)

GRAMMAR = (
    clocks.WORDS | days.WORDS | lengths.WORDS | numbers.WORDS | people.WORDS | prices.WORDS | times.WORDS
    | ways.WORDS
)  # fmt: skip
