"""Find the newest with links in order on PostgreSQL, whatever became of them; SQLite's index knows them already."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("CREATE INDEX search_linked ON comment (site_id, id, search_link_count) WHERE search_link_count > 0")
