"""Tokens of an OpenID Connect issuer: read, checked against the issuer's keys, and judged."""
