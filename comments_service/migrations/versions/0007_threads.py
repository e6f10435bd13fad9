"""Let a thread close by its own days, keep a comment on top and have earlier pages; know near-identical comments."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("thread", sa.Column("close_after_days", sa.Integer(), nullable=True))
    op.add_column("thread", sa.Column("pinned_id", sa.Uuid(), nullable=True))
    op.create_table(
        "thread_alias",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=512), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "thread_id"], ["thread.site_id", "thread.id"], name=op.f("fk_thread_alias_thread")
        ),
        sa.PrimaryKeyConstraint("site_id", "page", name=op.f("pk_thread_alias")),
    )
    op.add_column("comment", sa.Column("group_key", sa.LargeBinary(length=8), nullable=True))
    op.execute("UPDATE comment SET group_key = shape WHERE status = 'pending'")
    op.create_index(op.f("ix_comment_site_id_group_key_status_id"), "comment", ["site_id", "group_key", "status", "id"])
    op.create_index(op.f("ix_thread_alias_site_id_thread_id"), "thread_alias", ["site_id", "thread_id"])
