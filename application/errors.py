"""Why we could not serve, though no rule of the trade says no.

ApplicationError
├── CaseNotFound      there is no such case of that kind
├── CaseChanged       the case has another version than the caller expected
├── CaseContended     too many write to this case at once
├── OutcomeUnknown    the answer was lost: read the case before trying again
└── BadCursor         a list is continued with a cursor that it did not give
"""

from uuid import UUID


class ApplicationError(Exception):
    """We could not serve."""


class CaseNotFound(ApplicationError):
    """There is no such case of that kind."""

    def __init__(self, kind: str, case_id: UUID) -> None:
        super().__init__(f"there is no {kind} {case_id}")
        self.kind = kind
        self.case_id = case_id


class CaseChanged(ApplicationError):
    """The case has another version than the caller expected."""

    def __init__(self, case_id: UUID, *, expected: int, actual: int) -> None:
        super().__init__(
            f"case {case_id} is at version {actual}, not {expected}; read it and decide again",
        )
        self.case_id = case_id
        self.expected = expected
        self.actual = actual


class CaseContended(ApplicationError):
    """Too many write to this case at once; nothing was recorded."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"the case changed {attempts} times while this was decided; try again")
        self.attempts = attempts


class OutcomeUnknown(ApplicationError):
    """The answer was lost on the way; the command may have been recorded."""

    def __init__(self) -> None:
        super().__init__("the answer was lost; read the case before trying again")


class BadCursor(ApplicationError):
    """A list is continued with a cursor that it did not give."""

    def __init__(self) -> None:
        super().__init__("the cursor is not one of this list; start again without it")
