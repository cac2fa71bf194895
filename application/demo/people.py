"""Who appears in the story. Everybody is invented, and named by a pseudonym."""

from dataclasses import dataclass
from typing import Final

from domain.complaints.events import Language
from domain.parties import Actor, ActorKind, Role

FRENCH_AGENTS: Final = tuple(
    Actor(kind=ActorKind.AGENT, subject_id=name, role=Role.AGENT)
    for name in ("agent-07", "agent-12", "agent-19")
)
ENGLISH_AGENTS: Final = tuple(
    Actor(kind=ActorKind.AGENT, subject_id=name, role=Role.AGENT)
    for name in ("agent-23", "agent-31", "agent-38")
)
AGENTS: Final = {Language.FRENCH: FRENCH_AGENTS, Language.ENGLISH: ENGLISH_AGENTS}
MANAGER: Final = Actor(kind=ActorKind.AGENT, subject_id="manager-02", role=Role.MANAGER)
FINANCE: Final = Actor(kind=ActorKind.AGENT, subject_id="finance-04", role=Role.FINANCE)
ERP: Final = Actor(kind=ActorKind.ERP, subject_id="erp:S4", role=Role.CONNECTOR)
MEDIATOR: Final = Actor(kind=ActorKind.MEDIATOR, subject_id="mediator", role=Role.CONNECTOR)

OMBUDSMAN: Final = {
    Language.FRENCH: "Médiateur des entreprises",
    Language.ENGLISH: "Business Ombudsman",
}
COURT: Final = {
    Language.FRENCH: "Tribunal de commerce de Lyon",
    Language.ENGLISH: "County Court at Leeds",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A company that buys from us."""

    customer_id: str
    language: Language
    contact_point: str
    company_code: str
    """Which of our companies sells to it."""
    currency: str


def _customers(
    language: Language, first: int, *, domains: str, sellers: tuple[tuple[str, str], ...]
) -> tuple[Customer, ...]:
    desk = "comptabilite" if language is Language.FRENCH else "accounts"
    return tuple(
        Customer(
            customer_id=f"K-{first + place}",
            language=language,
            contact_point=f"{desk}@{domain}.example",
            company_code=sellers[place % len(sellers)][0],
            currency=sellers[place % len(sellers)][1],
        )
        for place, domain in enumerate(domains.split())
    )


FRENCH_CUSTOMERS: Final = _customers(
    Language.FRENCH,
    1001,
    domains=(
        "atelier-du-canal boulangerie-des-lices menuiserie-vernet clinique-des-ormes"
        " imprimerie-colbert transports-lantier brasserie-du-quai pepinieres-marchal"
        " optique-beaurepaire garage-des-tilleuls hotel-de-la-paix-29 conserverie-armor"
        " electricite-roche mairie-de-saint-aubin cafes-du-port tissages-delmas"
        " laboratoires-hauterive papeterie-gambetta chais-de-montvert plomberie-castel"
    ),
    sellers=(
        ("FR01", "EUR"),
        ("FR01", "EUR"),
        ("FR01", "EUR"),
        ("CH01", "CHF"),
        ("FR01", "EUR"),
        ("TN01", "TND"),
    ),
)
ENGLISH_CUSTOMERS: Final = _customers(
    Language.ENGLISH,
    2001,
    domains=(
        "millbrook-joinery harbour-street-bakery penrose-clinic whitfield-print"
        " calder-haulage old-quay-brewery ashdown-nurseries lowther-opticians"
        " fernside-garage three-bridges-hotel sandgate-canning rowan-electrical"
        " st-albyn-council foundry-lane-coffee pennine-textiles brightwater-labs"
        " castle-hill-stationers orchard-end-cider marlow-plumbing kestrel-logistics"
    ),
    sellers=(
        ("GB01", "GBP"),
        ("GB01", "GBP"),
        ("US01", "USD"),
        ("GB01", "EUR"),
        ("GB01", "GBP"),
        ("JP01", "JPY"),
    ),
)
CUSTOMERS: Final = {Language.FRENCH: FRENCH_CUSTOMERS, Language.ENGLISH: ENGLISH_CUSTOMERS}
