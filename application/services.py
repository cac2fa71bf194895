"""Everything that the doors can reach, wired once."""

from dataclasses import dataclass, replace
from typing import Self

from application.exports import Exports
from application.exposures import Exposures
from application.feed.following import Feed
from application.keys import Keys
from application.lookout import Lookout
from application.ports import Clock, Identities, RepeatableCases
from application.queries import Questions
from application.reach import EVERYWHERE, Reach
from application.reaching import cases_within
from application.receivables import Receivables
from application.tokens import Tokens
from application.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports of one running product."""

    cases: RepeatableCases
    questions: Questions
    exposures: Exposures
    exports: Exports
    receivables: Receivables
    keys: Keys
    feed: Feed
    webhooks: Webhooks
    clock: Clock
    identities: Identities
    lookout: Lookout
    tokens: Tokens | None = None
    """Of an issuer, where one is named; else API keys alone open the door."""

    def within(self, reach: Reach) -> Self:
        """The same product, in which nothing exists that lies outside a reach."""
        if reach == EVERYWHERE:
            return self
        return replace(
            self,
            cases=cases_within(self.cases, reach),
            questions=self.questions.within(reach),
            exposures=self.exposures.within(reach),
            feed=self.feed.within(reach),
            receivables=self.receivables.within(reach),
        )
