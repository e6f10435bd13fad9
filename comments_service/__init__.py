"""A standalone comment service."""
