"""The services that are measured: each knows how to be filled, started, read and written to."""
