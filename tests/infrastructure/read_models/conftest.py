"""What the tests of the read models may ask for, beside a database."""

import pytest

from tests.infrastructure.read_models.office import Office, Pool


@pytest.fixture
def office(pool: Pool) -> Office:
    """The product at work on the test's database."""
    return Office.open(pool)
