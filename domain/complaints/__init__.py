"""A complaint: an expression of dissatisfaction. It blocks no payment."""
