"""The issuer that the settings name, and its tokens."""

from collections.abc import Generator
from contextlib import contextmanager

from application.errors import ApplicationError
from infrastructure.clock import SystemClock
from infrastructure.oidc.checking import IssuedTokens
from infrastructure.oidc.claims import ClaimRules
from infrastructure.oidc.issuer import Issuer, UnusableIssuer
from infrastructure.settings import Settings


class OidcNotUsable(ApplicationError):
    """The settings name no issuer whose tokens could be believed."""

    def __init__(self, cause: ValueError) -> None:
        super().__init__(f"{cause}; see RECOURS_OIDC_ISSUER and RECOURS_OIDC_JWKS_URL")


def issuer_of(settings: Settings) -> Issuer | None:
    """Whose tokens are taken, or nobody's when the settings name no issuer.

    Raises:
        OidcNotUsable: its address is none that could be believed.
    """
    if settings.recours_oidc_issuer is None:
        return None
    try:
        return Issuer(name=settings.recours_oidc_issuer, jwks_url=settings.recours_oidc_jwks_url)
    except UnusableIssuer as error:
        raise OidcNotUsable(error) from error


@contextmanager
def open_tokens(settings: Settings) -> Generator[IssuedTokens | None]:
    """Take the tokens of the issuer that the settings name, or of nobody.

    Raises:
        OidcNotUsable: its address is none that could be believed.
    """
    issuer, key = issuer_of(settings), settings.recours_oidc_pseudonym_key
    if issuer is None or key is None or settings.recours_oidc_audience is None:
        yield None
        return
    rules = ClaimRules(
        issuer=issuer.name,
        audience=settings.recours_oidc_audience,
        pseudonym_key=key,
        subject_claim=settings.recours_oidc_subject_claim,
        role_claim=settings.recours_oidc_role_claim,
        scope_claim=settings.recours_oidc_scope_claim,
        companies_claim=settings.recours_oidc_companies_claim,
        teams_claim=settings.recours_oidc_teams_claim,
        tenant_claim=settings.recours_oidc_tenant_claim,
    )
    with IssuedTokens(issuer, rules=rules, clock=SystemClock()) as tokens:
        yield tokens
