"""Run the revisions in the transaction that `Store.upgrade` opened, and make the views anew."""

from alembic import context

from runner.store.schema.views import create_views, drop_views

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True)
drop_views(connection)
context.run_migrations()
# An upgrade to an older revision, which only tests do, has not all of their columns.
if context.get_context().get_current_revision() == context.get_head_revision():
    create_views(connection)
