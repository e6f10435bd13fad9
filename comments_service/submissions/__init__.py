"""The commenter's door: writing a comment, changing it and taking it back."""
