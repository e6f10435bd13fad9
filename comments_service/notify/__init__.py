"""Who waits to be told: the outbox and what is sent from it."""
