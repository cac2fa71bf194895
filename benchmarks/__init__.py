"""Benchmarks of the product: `python -m benchmarks [NAME ...]`, one JSON line a figure."""
