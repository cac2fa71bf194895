"""A story to try the product with: a few hundred invented cases, told through the use cases."""
