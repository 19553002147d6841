"""Run by Alembic, on the connection that `chaguan.infra.migrations` hands over."""

from alembic import context

from chaguan.infra.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
