"""The benchmark: real servers, real load, each figure beside its bar. `python -m scripts.bench --help` explains it."""
