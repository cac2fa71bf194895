"""Webhooks out: which address may be written to, the outbox, and who sends."""
