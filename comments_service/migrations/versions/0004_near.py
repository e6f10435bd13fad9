"""Find comments that say nearly the same, and know in which scripts a site is written."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for near in ("near_1", "near_2", "near_3", "near_4", "near_5", "near_6"):
        op.add_column("comment", sa.Column(near, sa.BigInteger(), nullable=True))
        op.create_index(op.f(f"ix_comment_site_id_{near}_id"), "comment", ["site_id", near, "id"])
    op.add_column("comment", sa.Column("script", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_comment_site_id_status_script"), "comment", ["site_id", "status", "script"])
