"""The forms in which tables leave the house."""
