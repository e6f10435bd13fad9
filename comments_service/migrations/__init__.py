"""How the schema came to be, step by step; imported only when there is a step to take: Alembic takes 10 MB."""

from pathlib import Path

import alembic.command
import sqlalchemy as sa
from alembic.config import Config


def run(connection: sa.Connection, folder: Path, target: str = "head") -> None:
    """Take every step in `folder` that the schema lacks up to `target`, on `connection` and in its transaction."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, target)
