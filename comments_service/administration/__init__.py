"""The owner's door: what a site decides for itself, its people, its numbers."""
