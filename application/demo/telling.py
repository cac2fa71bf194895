"""One case of the story being told: when, about whom, over which invoice, by which words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import cycle
from typing import Final, Protocol, TypeVar
from uuid import UUID

from application.commands import OnCase
from application.demo.people import AGENTS, CUSTOMERS, Customer
from application.demo.phrases import PRODUCTS
from application.demo.themes import THEMES, Theme, Words
from application.invoices import LineClaim
from application.ports import Cases
from domain.complaints.events import Language
from domain.disputes.lines import Document
from domain.event import Channel, Envelope
from domain.money import EXPONENTS
from domain.parties import Actor

T = TypeVar("T")

STORY_ENDS: Final = date(2026, 6, 30)
"""The story's today. Fixed, so that it is the same story on every machine."""

CHANNELS: Final = (Channel.EMAIL, Channel.PHONE, Channel.PORTAL, Channel.LETTER)
SATURDAY: Final = 5
UNITS: Final = {"JPY": 160, "TND": 3}
"""How many units of a currency an amount of one is; 1 where nothing is said."""


class Identify(Protocol):
    """Names things of the story: the same in every telling, and sorted by their day."""

    def __call__(self, key: str, *, what: str, on: date) -> UUID:
        """Name `what` of this key."""
        ...


@dataclass(slots=True, kw_only=True)
class Telling:
    """Begins on a day and goes forward. All varies with the number, nothing by chance."""

    number: int
    plot: str
    begins: date
    language: Language
    identify: Identify
    cases: Cases
    moment: datetime = field(init=False)
    _steps: int = 0

    def __post_init__(self) -> None:
        self.moment = datetime.combine(
            _workday(self.begins), time(8 + self.draw(9, "hour"), self.draw(60, "minute")), UTC
        )

    def draw(self, below: int, what: str) -> int:
        """A number from 0 on, below a limit, that is this case's for ever."""
        digest = sha256(f"{self.plot}:{self.number}:{what}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % below

    def pick(self, choices: Sequence[T], what: str) -> T:
        """One of several, this case's for ever."""
        return choices[self.draw(len(choices), what)]

    def name(self, what: str) -> UUID:
        """The identity of something in this case."""
        return self.identify(f"{self.plot}:{self.number}", what=f"demo {what}", on=self.begins)

    def later(self, *, days: int = 0, hours: int = 0, minutes: int = 0) -> None:
        """Let time pass; what would fall on a weekend waits for Monday."""
        moved = self.moment + timedelta(days=days, hours=hours, minutes=minutes)
        self.moment = datetime.combine(_workday(moved.date()), moved.time(), UTC)

    def on(
        self, case: str, *, by: Actor, channel: Channel = Channel.API, reason: str | None = None
    ) -> OnCase:
        """Act on one of the cases of this telling, at its moment."""
        self._steps += 1
        envelope = Envelope(
            actor=by,
            channel=channel,
            occurred_at=self.moment,
            correlation_id=self.name(f"request {self._steps}"),
            reason=reason,
        )
        return OnCase(case_id=self.name(case), envelope=envelope)

    @property
    def theme(self) -> Theme:
        """What went wrong."""
        return self.pick(THEMES, "theme")

    @property
    def words(self) -> Words:
        """How it is put."""
        return self.theme.words[self.language]

    @property
    def agent(self) -> Actor:
        """Who works on it."""
        return self.pick(AGENTS[self.language], "agent")

    @property
    def customer(self) -> str:
        """Whose case it is."""
        return self._customer.customer_id

    @property
    def contact_point(self) -> str:
        """Where the customer is reached."""
        return self._customer.contact_point

    @property
    def channel(self) -> Channel:
        """How the customer turns to us."""
        return self.pick(CHANNELS, "channel")

    @property
    def invoice(self) -> str:
        """The number of the invoice that it is about."""
        return f"{self._customer.company_code}-26-{10_000 + self.draw(89_999, 'invoice')}"

    @property
    def order(self) -> str:
        """The number of the order that it is about."""
        return f"C{200_000 + self.draw(99_999, 'order')}"

    @property
    def product(self) -> str:
        """What was bought."""
        return self.pick(PRODUCTS[self.language], "product")

    def put(self, words: str) -> str:
        """Put words about this case."""
        return words.format(
            order=self.order,
            invoice=self.invoice,
            product=self.product,
            quantity=20 * (1 + self.draw(40, "quantity")),
        )

    def claim(self, line: int = 1) -> LineClaim:
        """What is contested of a line of the invoice: all of it, or a part."""
        currency = self._customer.currency
        unit = Decimal(1).scaleb(-EXPONENTS[currency])
        base = Decimal(18_000 + self.draw(2_400_000, f"amount {line}")) / 100
        opened = (base * UNITS.get(currency, 1)).quantize(unit)
        parts = self.pick((1, 1, 2, 4), f"part {line}")
        amount = (opened / parts).quantize(unit)
        return LineClaim(
            line_id=self.name(f"line {line}"),
            document=Document(
                system="S4",
                company_code=self._customer.company_code,
                # A number may be drawn twice; an invoice belongs to one customer.
                number=f"{self.invoice}-{self.customer}",
                line=line,
            ),
            open_amount=opened,
            amount=amount,
            currency=currency,
            reason_code=self.theme.reason_code,
            vat=(amount / 6).quantize(unit),
            requested_action=self.theme.wanted,
            due_on=self.begins + timedelta(days=30),
        )

    @property
    def _customer(self) -> Customer:
        return self.pick(CUSTOMERS[self.language], "customer")


class Foreseen:
    """Identities that are known beforehand, given in their order, again and again."""

    def __init__(self, identities: Sequence[UUID]) -> None:
        # A decision may be taken several times, each time with all of them.
        self._next = cycle(identities)

    def new(self) -> UUID:
        """Give the next one."""
        return next(self._next)


def _workday(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= SATURDAY else 0)
