"""The cast and the stage: what every test may ask for."""

import os
from pathlib import Path

import pytest

DATA = os.environ.get("COMMENTS_TEST_DATA")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real inputs that may not be copied into the project."""
    if not DATA:
        pytest.skip("COMMENTS_TEST_DATA names no folder of real inputs")
    return Path(DATA)
