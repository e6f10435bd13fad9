"""The discussion and how it is read."""
