"""Questions to somebody, and their answers."""

from api.http.calls import Circumstances
from api.http.values import Instant, Prose


class Question(Circumstances):
    """A question to the customer."""

    question: Prose
    answer_by: Instant | None = None


class Reply(Circumstances):
    """An answer to a question."""

    answer: Prose
