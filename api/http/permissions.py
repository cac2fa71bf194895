"""Who may do what, as one table: a row for each operation of the API, by its operation id.

A row names the roles that may, and the scopes of which a connector needs one. An operation without
a row keeps the application from starting. Which step, and when, the lifecycles decide: a step's row
holds exactly those roles that its lifecycle ever lets take it, which a test compares.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from api.http.errors import NotPermitted
from application.keys import Principal
from application.scopes import ConnectorScope
from domain.parties import Role


@dataclass(frozen=True, slots=True)
class Row:
    """An operation, the roles that may, and the scopes of which a connector needs one."""

    operation: str
    roles: frozenset[Role]
    scopes: frozenset[ConnectorScope] = frozenset()

    def permits(self, principal: Principal) -> bool:
        """Whether the table lets somebody pass."""
        if principal.role is Role.CONNECTOR:
            return not self.scopes.isdisjoint(principal.scopes)
        return principal.role in self.roles


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


def _scopes(*scopes: ConnectorScope) -> frozenset[ConnectorScope]:
    return frozenset(scopes)


_NOBODY = _roles()
_AGENT, _MANAGER, _FINANCE = _roles(Role.AGENT), _roles(Role.MANAGER), _roles(Role.FINANCE)
_AUDITOR, _ADMIN = _roles(Role.AUDITOR), _roles(Role.ADMIN)
_STAFF = _AGENT | _MANAGER | _FINANCE
_DESK = _AGENT | _MANAGER
_DECIDERS = _MANAGER | _FINANCE
_READERS = _STAFF | _AUDITOR | _ADMIN
_OPERATORS = _AUDITOR | _ADMIN

_INTAKE, _INVOICES, _ERP, _EVENTS = map(_scopes, ConnectorScope)
_ANY_CASE = _INTAKE | _ERP

# fmt: off
TABLE: Final = (
    #   operation                                   roles                 a connector with one of
    Row("complaints.register",                      _STAFF,               _INTAKE),
    Row("complaints.read",                          _READERS,             _INTAKE),
    Row("complaints.acknowledge",                   _DESK | _ADMIN),
    Row("complaints.start_review",                  _DESK),
    Row("complaints.request_information",           _DESK),
    Row("complaints.provide_information",           _STAFF,               _INTAKE),
    Row("complaints.wait_expired",                  _ADMIN),
    Row("complaints.hand_over",                     _DESK),
    Row("complaints.answer_handover",               _DESK),
    Row("complaints.escalate",                      _STAFF | _ADMIN,      _INTAKE),
    Row("complaints.de_escalate",                   _MANAGER),
    Row("complaints.open_dispute",                  _STAFF),
    Row("complaints.send_final_response",           _DESK),
    Row("complaints.accept_response",               _STAFF,               _INTAKE),
    Row("complaints.response_window_elapsed",       _ADMIN),
    Row("complaints.contest_response",              _STAFF,               _INTAKE),
    Row("complaints.withdraw",                      _STAFF,               _INTAKE),
    Row("complaints.merge_duplicate",               _DESK),
    Row("complaints.refer_to_mediator",             _STAFF,               _INTAKE),
    Row("complaints.mediation_concluded",           _MANAGER,             _INTAKE),
    Row("complaints.leave_mediation",               _STAFF,               _INTAKE),
    Row("complaints.reopen",                        _STAFF | _ADMIN,      _INTAKE),
    Row("complaints.record_contact",                _STAFF | _ADMIN,      _INTAKE),
    Row("complaints.add_note",                      _STAFF),
    Row("complaints.add_evidence",                  _STAFF | _ADMIN,      _INTAKE),
    Row("complaints.correct",                       _STAFF),
    Row("complaints.route",                         _STAFF | _ADMIN),
    Row("complaints.claim",                         _STAFF),
    Row("complaints.release_claim",                 _STAFF),
    Row("complaints.link_root_cause",               _STAFF),

    Row("disputes.open",                            _STAFF),
    Row("disputes.read",                            _READERS,             _ANY_CASE),
    Row("disputes.payment-blocks",                  _READERS,             _ERP),
    Row("disputes.add_line",                        _STAFF),
    Row("disputes.reduce_line",                     _STAFF),
    Row("disputes.split_line",                      _STAFF),
    Row("disputes.merge_lines",                     _STAFF),
    Row("disputes.request_block",                   _STAFF | _ADMIN),
    Row("disputes.propose_manual_confirmation",     _DECIDERS),
    Row("disputes.confirm_block_manually",          _DECIDERS),
    Row("disputes.request_information",             _STAFF),
    Row("disputes.provide_information",             _STAFF,               _INTAKE),
    Row("disputes.wait_expired",                    _ADMIN),
    Row("disputes.propose_settlement",              _STAFF),
    Row("disputes.approval",                        _READERS),
    Row("disputes.approve",                         _DECIDERS),
    Row("disputes.refuse_approval",                 _DECIDERS),
    Row("disputes.customer_accepts",                _STAFF,               _INTAKE),
    Row("disputes.customer_refuses",                _STAFF,               _INTAKE),
    Row("disputes.offer_expired",                   _ADMIN),
    Row("disputes.settlement_executed",             _NOBODY,              _ERP),
    Row("disputes.settlement_failed",               _NOBODY,              _ERP),
    Row("disputes.reject_as_unfounded",             _MANAGER),
    Row("disputes.contest",                         _STAFF,               _INTAKE),
    Row("disputes.refer_to_mediator",               _STAFF,               _INTAKE),
    Row("disputes.mediation_concluded",             _MANAGER,             _INTAKE),
    Row("disputes.start_litigation",                _STAFF,               _INTAKE),
    Row("disputes.judgment_given",                  _DECIDERS),
    Row("disputes.cleared_in_erp",                  _NOBODY,              _ERP),
    Row("disputes.withdraw",                        _STAFF,               _INTAKE),
    Row("disputes.release",                         _FINANCE),
    Row("disputes.retry_release",                   _FINANCE),
    Row("disputes.close",                           _DESK | _ADMIN),
    Row("disputes.reopen",                          _STAFF,               _ANY_CASE),
    Row("disputes.void",                            _MANAGER),
    Row("disputes.reinstate",                       _DESK),
    Row("disputes.record_contact",                  _STAFF | _ADMIN,      _INTAKE),
    Row("disputes.add_note",                        _STAFF),
    Row("disputes.add_evidence",                    _STAFF | _ADMIN,      _INTAKE),
    Row("disputes.correct",                         _STAFF),

    Row("approval-policy.read",                     _READERS),
    Row("approval-policy.adopt",                    _ADMIN),

    Row("payment-blocks.read",                      _READERS,             _ERP),
    Row("payment-blocks.send",                      _ADMIN),
    Row("payment-blocks.confirm",                   _NOBODY,              _ERP),
    Row("payment-blocks.reject",                    _NOBODY,              _ERP),
    Row("payment-blocks.give_up",                   _ADMIN),
    Row("payment-blocks.drift",                     _ADMIN,               _ERP),
    Row("payment-blocks.request_release",           _ADMIN),
    Row("payment-blocks.confirm_release",           _NOBODY,              _ERP),
    Row("payment-blocks.fail_release",              _ADMIN,               _ERP),

    Row("invoices.mirror",                          _FINANCE,             _INVOICES),
    Row("invoices.read",                            _READERS,             _INVOICES | _ERP),
    Row("invoices.clear",                           _FINANCE,             _INVOICES),
    Row("invoices.reset_clearing",                  _FINANCE,             _INVOICES),

    Row("cases.list",                               _READERS),
    Row("cases.timeline",                           _READERS),
    Row("cases.audit-trail",                        _READERS),
    Row("cases.contacts",                           _READERS),
    Row("cases.history",                            _READERS),
    Row("customers.contacts",                       _READERS),
    Row("blocked-payments.exposure",                _READERS),
    Row("blocked-payments.lines",                   _READERS),
    Row("blocked-payments.export",                  _READERS),
    Row("blocked-payments.series",                  _READERS),
    Row("blocked-payments.bridge",                  _READERS),
    Row("blocked-payments.learnt",                  _READERS),
    Row("blocked-payments.entries",                 _READERS),
    Row("receivables.late-payments",                _READERS),
    Row("dunning.list",                             _READERS,             _ERP),

    Row("events.list",                              _READERS,             _EVENTS),
    Row("events.stream",                            _READERS,             _EVENTS),

    Row("webhooks.create",                          _ADMIN),
    Row("webhooks.list",                            _ADMIN),
    Row("webhooks.read",                            _ADMIN),
    Row("webhooks.replace",                         _ADMIN),
    Row("webhooks.delete",                          _ADMIN),
    Row("webhooks.rotate_secret",                   _ADMIN),
    Row("webhooks.deliveries",                      _ADMIN),
    Row("webhooks.resend",                          _ADMIN),

    Row("projections.list",                         _OPERATORS),
    Row("metrics.read",                             _OPERATORS),
    Row("keys.issue",                               _ADMIN),
    Row("keys.list",                                _ADMIN),
    Row("keys.rotate",                              _ADMIN),
    Row("keys.revoke",                              _ADMIN),
)
# fmt: on

PERMISSIONS: Final = MappingProxyType({row.operation: row for row in TABLE})

OPEN: Final = frozenset({"health.live", "health.ready"})
"""Operations for which nobody needs a key: they tell nothing that is worth one."""

OPEN_ADDRESSES: Final = frozenset({"/openapi.json"})
"""What is served beside the operations, to everybody."""

OPEN_FOLDERS: Final = ("/docs/", "/problems/")
"""Pages about the API: the same to everybody, and made of nothing that anybody recorded."""


def permits(operation: str, principal: Principal) -> bool:
    """Whether the table lets somebody pass."""
    return PERMISSIONS[operation].permits(principal)


def require(operation: str, *, principal: Principal) -> None:
    """Let somebody pass, or refuse them.

    Raises:
        NotPermitted: the table does not name their role, or none of their scopes.
    """
    if not permits(operation, principal):
        raise NotPermitted(operation, role=principal.role)
