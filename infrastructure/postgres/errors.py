"""What may be wrong with the database before the product can serve.

DatabaseNotReady
├── ServerNotStarted        the embedded server does not run
├── ServerNotStopped        the embedded server does not end
├── ServerUnsafe            the server would lose or expose what is recorded
└── MigrationRefused
    ├── HistoryChanged      files and the record of applied files contradict each other
    ├── PhaseBlocked        a file of the other phase has to come first
    ├── RoleMissing         a role that the files grant to cannot be made here
    └── MigrationFailed     the server refused a file
"""

from application.errors import ApplicationError


class DatabaseNotReady(ApplicationError):
    """The database cannot serve the product as it is."""


class ServerNotStarted(DatabaseNotReady):
    """The embedded server does not run."""


class ServerNotStopped(DatabaseNotReady):
    """The embedded server does not end."""


class ServerUnsafe(DatabaseNotReady):
    """The server would lose or expose what is recorded."""


class MigrationRefused(DatabaseNotReady):
    """The schema cannot be brought to this version."""


class HistoryChanged(MigrationRefused):
    """The files and the record of what was applied contradict each other."""


class PhaseBlocked(MigrationRefused):
    """A file of the other phase has to be applied first."""


class RoleMissing(MigrationRefused):
    """A role that the files grant to does not exist and cannot be made by this login."""


class MigrationFailed(MigrationRefused):
    """The server refused a file; nothing of it was kept."""
