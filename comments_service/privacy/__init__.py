"""What a person gave us in confidence: sealing it, and later giving it back or forgetting it."""
