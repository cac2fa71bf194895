"""Who may approve how much: a versioned matrix of limits."""
