"""PostgreSQL, the one store: the embedded server, migrations, checks and connections."""
