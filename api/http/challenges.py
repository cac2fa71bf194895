"""What a refused caller is told in `WWW-Authenticate` (RFC 6750): the fault, and no echo."""

from collections.abc import Mapping
from typing import Final

from api.http.errors import KeyMissing, NotPermitted
from application.keys import KeyRefused
from application.tokens import TokenRefused

HEADER: Final = "WWW-Authenticate"
_REALM: Final = 'Bearer realm="recours"'


def challenge_of(error: Exception) -> Mapping[str, str]:
    """The header that goes with an error; none, where it is not about who asks."""
    match error:
        case KeyMissing():
            return {HEADER: _REALM}
        case KeyRefused():
            return {HEADER: f'{_REALM}, error="invalid_token"'}
        case TokenRefused():
            said = f'error="invalid_token", error_description="{error}"'
            return {HEADER: f"{_REALM}, {said}"}
        case NotPermitted():
            return {HEADER: f'{_REALM}, error="insufficient_scope"'}
        case _:
            return {}
