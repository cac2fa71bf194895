"""The one filter of lists, sums and searches by what somebody reaches."""

from typing import Any, Final, LiteralString

from application.reach import EVERYWHERE, Reach


def within(case_id: LiteralString) -> LiteralString:
    """A condition: the case of this column lies within the reach of `reach_parameters`.

    It says what `Reach.covers` says. Where there is no limit, no row is looked at.
    """
    return (
        """ (%(everywhere)s OR EXISTS (
            SELECT FROM case_reach AS reached
             WHERE reached.case_id = """
        + case_id
        + """
               AND (%(reach_companies)s::text[] IS NULL
                    OR reached.companies <@ %(reach_companies)s
                       AND (reached.companies <> '{}' OR %(reach_teams)s::text[] IS NOT NULL))
               AND (%(reach_teams)s::text[] IS NULL OR reached.teams && %(reach_teams)s)
        )) """
    )


def reach_parameters(reach: Reach) -> dict[str, Any]:  # Any: what the database takes
    """The parameters of `within`."""
    return {
        "everywhere": reach == EVERYWHERE,
        "reach_companies": None if reach.companies is None else sorted(reach.companies),
        "reach_teams": None if reach.teams is None else sorted(reach.teams),
    }


SEES: Final[LiteralString] = (
    "SELECT EXISTS (SELECT FROM case_reach AS known WHERE known.case_id = %(case_id)s AND"
    + within("known.case_id")
    + ")"
)
