"""Let the spam filter learn, and find comments that say the same or come from the same place."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "learner",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Uuid(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("steps", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_learner")),
    )
    op.add_column("comment", sa.Column("domain_bucket", sa.Integer(), nullable=True))
    op.add_column("comment", sa.Column("shape", sa.LargeBinary(length=8), nullable=True))
    op.create_index(op.f("ix_comment_site_id_shape_status"), "comment", ["site_id", "shape", "status"])
    op.create_index(op.f("ix_comment_site_id_network_key_id"), "comment", ["site_id", "network_key", "id"])
