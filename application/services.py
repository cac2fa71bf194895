"""Everything that the doors can reach, wired once."""

from dataclasses import dataclass

from application.exposures import Exposures
from application.feed.following import Feed
from application.keys import Keys
from application.lookout import Lookout
from application.ports import Clock, Identities, RepeatableCases
from application.queries import Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports of one running product."""

    cases: RepeatableCases
    questions: Questions
    exposures: Exposures
    keys: Keys
    feed: Feed
    clock: Clock
    identities: Identities
    lookout: Lookout
