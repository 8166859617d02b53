"""What alembic executes to run revisions; `database.migrate` hands over its connection."""

from alembic import context

from jupyter_mlops.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
# The connection has begun its transaction already: all revisions are applied, or none.
context.run_migrations()
