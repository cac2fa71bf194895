"""The history as those outside follow it, on PostgreSQL."""
