"""The event store: an ordered, append-only history on PostgreSQL."""
