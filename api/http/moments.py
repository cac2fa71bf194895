"""Which state of a case a question is about."""

from typing import Annotated

from fastapi import Depends, Query

from api.http.values import MOST_VERSION, InstantOrDay, WholeInQuery
from application.replay import Moment


async def as_of(
    version: Annotated[
        WholeInQuery | None,
        Query(ge=1, le=MOST_VERSION, description="As it was at this version"),
    ] = None,
    recorded_at: Annotated[
        InstantOrDay | None,
        Query(description="As we knew it then; a date means the end of that day in UTC"),
    ] = None,
    occurred_at: Annotated[
        InstantOrDay | None,
        Query(description="As it was then, as far as we know now; a date means its end in UTC"),
    ] = None,
) -> Moment:
    """Read the moment from the query; without any of the three it is now."""
    return Moment(version=version, recorded_until=recorded_at, occurred_until=occurred_at)


AsOf = Annotated[Moment, Depends(as_of)]
