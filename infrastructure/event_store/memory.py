"""A bounded memory of folded cases. They are immutable, so that they can be handed out."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from uuid import UUID

from application.case import Case


class CaseMemory:
    """The most recently used cases of this process."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._cases: OrderedDict[UUID, Case] = OrderedDict()

    def get(self, case_id: UUID) -> Case | None:
        """Remember a case, perhaps as it no longer is."""
        with self._lock:
            case = self._cases.get(case_id)
            if case is not None:
                self._cases.move_to_end(case_id)
            return case

    def keep(self, case: Case) -> None:
        """Remember this case, unless a later version of it is known."""
        with self._lock:
            known = self._cases.get(case.id)
            if known is None or known.version < case.version:
                self._cases[case.id] = case
            while len(self._cases) > self._most:
                self._cases.popitem(last=False)

    def drop(self, case_ids: Iterable[UUID]) -> None:
        """Forget these cases."""
        with self._lock:
            for case_id in case_ids:
                self._cases.pop(case_id, None)
