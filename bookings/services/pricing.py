"""What a lesson costs and who gets what of it: pure functions of figures, no database.

All amounts are integers of minor units. A percentage of the lesson's price is rounded to the minor unit,
half up; every sum is split by taking one part so and leaving the rest to the other, so that nothing is lost
or made by rounding. Source of the percentages: the ``Rules`` version a booking was made under.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bookings.services.policies import Tier
from instructors.services.catalogue import lesson_price


class LineKind(StrEnum):
    """What a line of a quote stands for; pages put the words."""

    LESSON = "lesson"
    FEE = "fee"
    CREDIT = "credit"
    PACKAGE = "package"
    TIP = "tip"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote; what is taken off is negative."""

    kind: LineKind
    amount: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What the student pays and what becomes of it.

    ``lesson`` is the price of the lesson, ``credit`` the part of it that credit covers, ``package`` the part
    that was paid for with a package, ``total`` what the card is charged. ``commission`` is kept of the
    lesson's price and ``to_instructor`` is the rest of it; the fee is the platform's alone.
    """

    lesson: int
    fee: int
    credit: int
    package: int
    tip: int
    commission: int

    @property
    def total(self) -> int:
        return self.lesson + self.fee + self.tip - self.credit - self.package

    @property
    def to_instructor(self) -> int:
        """The lesson's price less commission, and all of the tip."""
        return self.lesson - self.commission + self.tip

    @property
    def lines(self) -> list[Line]:
        """In the order of a bill; only the lesson is there when it is nothing."""
        rest = [
            Line(LineKind.PACKAGE, -self.package),
            Line(LineKind.FEE, self.fee),
            Line(LineKind.CREDIT, -self.credit),
            Line(LineKind.TIP, self.tip),
        ]
        return [Line(LineKind.LESSON, self.lesson), *(line for line in rest if line.amount)]


def percent(amount: int, pct: int) -> int:
    """``pct`` per cent of ``amount``, half a unit rounded up."""
    return (amount * pct * 2 + 100) // 200


def quote(
    *,
    price_per_hour: int,
    duration_min: int,
    fee_pct: int,
    commission_pct: int,
    credit_available: int = 0,
    in_package: bool = False,
    price: int | None = None,
    tip: int = 0,
) -> Quote:
    """The bill of one lesson.

    Credit covers the lesson and never the fee (rules.md). A lesson out of a package is paid for, with its
    fee, when the package is bought: it costs nothing more, and
    ``price`` is what was paid for it then. Raises ``ValueError`` for negative figures.
    """
    if min(price_per_hour, duration_min, fee_pct, commission_pct, credit_available, tip) < 0:
        raise ValueError("Figures of a quote are not negative.")
    lesson = lesson_price(price_per_hour, duration_min) if price is None else price
    return Quote(
        lesson=lesson,
        fee=0 if in_package else percent(lesson, fee_pct),
        credit=0 if in_package else min(credit_available, lesson),
        package=lesson if in_package else 0,
        tip=tip,
        commission=percent(lesson, commission_pct),
    )


@dataclass(frozen=True, slots=True)
class Settlement:
    """Who ends up with what was paid for a lesson.

    ``refund`` goes back to the card. ``credit_back`` is credit the student had spent and has again with its
    old expiry, ``package_back`` the worth of a lesson that goes back into its package. ``credit`` is new
    credit, ``to_instructor`` theirs after commission, ``platform`` ours. Together they are all that was
    paid: by card, by credit and by package.
    """

    refund: int = 0
    credit_back: int = 0
    package_back: int = 0
    credit: int = 0
    to_instructor: int = 0
    platform: int = 0


def settle(quoted: Quote, tier: Tier | None) -> Settlement:
    """What becomes of a lesson's money: given (``None``), or cancelled on the terms of ``tier``.

    In the credit tier the fee is kept. In the half tier half of the lesson's price becomes credit (an odd
    unit is the student's) and the other half goes to the instructor, less commission on it. Credit that was
    spent comes back before new credit is made. A tip is a payment of its own and not settled here.
    """
    if tier is None:
        return Settlement(
            to_instructor=quoted.lesson - quoted.commission, platform=quoted.commission + quoted.fee
        )
    if tier == Tier.HALF:
        share = gross(quoted, tier)
        back = quoted.lesson - share
        spent = min(quoted.credit, back)
        commission = part(quoted.commission, share, quoted.lesson)
        return Settlement(
            credit_back=spent,
            credit=back - spent,
            to_instructor=share - commission,
            platform=commission + quoted.fee,
        )
    by_card = quoted.lesson - quoted.credit - quoted.package
    if tier == Tier.CREDIT:
        return Settlement(
            credit_back=quoted.credit, package_back=quoted.package, credit=by_card, platform=quoted.fee
        )
    return Settlement(refund=by_card + quoted.fee, credit_back=quoted.credit, package_back=quoted.package)


def gross(quoted: Quote, tier: Tier | None) -> int:
    """What of the lesson's price is the instructor's before commission, if it ends so."""
    if tier is None:
        return quoted.lesson
    return quoted.lesson // 2 if tier == Tier.HALF else 0


def part(amount: int, of: int, whole: int) -> int:
    """``amount`` in the proportion of ``of`` to ``whole``, half a unit rounded up."""
    return (amount * of * 2 + whole) // (2 * whole) if whole else 0


@dataclass(frozen=True, slots=True)
class CommissionRules:
    """Per cent by step, and from how many lessons completed in 30 days each step is reached."""

    pcts: tuple[int, int, int]
    second_from: int
    third_from: int
    idle_days: int


def commission_step(rules: CommissionRules, *, lessons: int, before: int, idle_days: int) -> int:
    """The step (0, 1, 2) an instructor stands on now.

    ``lessons`` were completed in the last 30 days; ``before`` is the step they stood on until now. They fall
    one step at a time, and to the first one after so many days without a lesson as the rules say.
    """
    if idle_days >= rules.idle_days:
        return 0
    earned = 2 if lessons >= rules.third_from else 1 if lessons >= rules.second_from else 0
    return max(earned, before - 1)
