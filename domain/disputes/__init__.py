"""A dispute: a contested claim. It always blocks a payment."""
