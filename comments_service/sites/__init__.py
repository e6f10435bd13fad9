"""Which websites may embed us, and each one's policy."""
