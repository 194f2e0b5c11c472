"""Headlines, bios and names, put together so that neighbours on a page differ."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from bookings.demo.names import CITY_STREETS, GROUPS, MAIL_DOMAIN
from bookings.demo.phrases_more import VOICES

# Said otherwise than the slug with spaces for hyphens.
SPOKEN = {
    "act-prep": "ACT prep", "asl": "American Sign Language", "dj": "DJing", "esl": "English as a second language",
    "gre-prep": "GRE prep", "java": "Java", "javascript": "JavaScript", "jiu-jitsu": "jiu-jitsu",
    "hip-hop": "hip-hop", "lsat-prep": "LSAT prep", "python": "Python", "sat-prep": "SAT prep",
    "bass-guitar": "bass guitar",
}  # fmt: skip

# Two of five say only the half that can stand alone.
FORMS = ("[lead]: [tail]", "[lead]", "[lead]. [Tail]", "[lead]: [tail]", "[lead]")


class Words:
    """Gives out phrases; one instance a load, because it remembers what it has said."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._decks: dict[str, tuple[list[str], list[str]]] = {}
        self._dealt: dict[str, int] = defaultdict(int)
        self._taken: dict[str, int] = defaultdict(int)

    def headline(self, category: str, subject: str) -> str:
        """The subject's next headline: neighbours share neither lead nor tail, and none comes twice soon."""
        if subject not in self._decks:
            leads, tails = list(VOICES[category].leads), list(VOICES[category].tails)
            self._rng.shuffle(leads)
            self._rng.shuffle(tails)
            self._decks[subject] = leads, tails
        leads, tails = self._decks[subject]
        number = self._dealt[subject]
        self._dealt[subject] += 1
        lead, tail = leads[number % len(leads)], tails[number % len(tails)]
        # Shifted each time round, so that a lead does not always come in the same form.
        form = FORMS[(number + number // len(leads)) % len(FORMS)]
        text = form.replace("[lead]", lead).replace("[tail]", tail).replace("[Tail]", _capital(tail))
        return _fill(text, category, subject)

    def bio(self, category: str, subject: str, *, where: str = "") -> str:
        """Two short paragraphs: who teaches and how; what a lesson is like."""
        voice, pick = VOICES[category], self._rng.choice
        who = f"{pick(voice.background)} {pick(voice.approach)}"
        what = f"{pick(voice.lesson)}{where} {pick(voice.closing)}"
        return _fill(f"{who}\n\n{what}", category, subject)

    def description(self, category: str, subject: str) -> str:
        return _fill(self._rng.choice(VOICES[category].offering), category, subject)

    def name(self) -> tuple[str, str, tuple[str, ...]]:
        """First and last name, and the languages such a family may speak beside English."""
        group = self._rng.choices(GROUPS, weights=[g.weight for g in GROUPS])[0]
        # New York's families mix.
        other = group if self._rng.random() < 0.88 else self._rng.choice(GROUPS)
        return self._rng.choice(group.first), self._rng.choice(other.last), group.languages

    def handle(self, first: str, last: str) -> str:
        """``maya-chen``, then ``maya-chen-2``: for addresses."""
        plain = "-".join(f"{first} {last}".lower().replace("'", "").replace(".", "").split())
        self._taken[plain] += 1
        number = self._taken[plain]
        return plain if number == 1 else f"{plain}-{number}"

    def address(self, place: str) -> str:
        street = self._rng.choice(CITY_STREETS)
        return f"{self._rng.randint(2, 899)} {street}, Apt {self._rng.randint(1, 9)}{self._rng.choice('ABCDEF')}, {place}"


def email_of(handle: str) -> str:
    return f"{handle}@{MAIL_DOMAIN}"


def _fill(text: str, category: str, subject: str) -> str:
    spoken = SPOKEN.get(subject, subject.replace("-", " "))
    if category == "languages" and subject not in SPOKEN:
        spoken = spoken.capitalize()
    return text.replace("{s}", spoken).replace("{S}", _capital(spoken))


def _capital(text: str) -> str:
    """With a capital first letter, the others as they are."""
    return text[0].upper() + text[1:]
