"""Taking in what other systems report of their cases, through the use cases and never around."""
