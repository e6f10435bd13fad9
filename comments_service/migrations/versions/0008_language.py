"""Let a moderator choose the language of her pages and her mail."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "moderator", sa.Column("language", sa.String(length=20), nullable=False, server_default=sa.text("''"))
    )
