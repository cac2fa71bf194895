"""The HTTP door: it translates requests into commands and questions, and decides nothing."""
