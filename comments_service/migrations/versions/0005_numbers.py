"""Count comments by the day they came on, and remember how far what waits was scored anew."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("site", sa.Column("unscored_below", sa.Uuid(), nullable=True))
    op.create_table(
        "day_count",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "status", "day", "part", name=op.f("pk_day_count")),
    )
    utc = (
        "date(created_at)" if op.get_bind().dialect.name == "sqlite" else "CAST(created_at AT TIME ZONE 'UTC' AS date)"
    )
    op.execute(
        sa.text(
            "INSERT INTO day_count (site_id, status, day, part, number)"  # noqa: S608 - constants
            f" SELECT site_id, status, {utc}, 0, count(*)"
            f" FROM comment GROUP BY site_id, status, {utc}"
        )
    )
