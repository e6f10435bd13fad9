"""Runs the steps on the connection that `migrations.run` hands over."""

from alembic import context

from comments_service.extensions import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
