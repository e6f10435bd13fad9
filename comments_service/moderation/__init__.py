"""The moderator's door: the queue, decisions and their undo."""
