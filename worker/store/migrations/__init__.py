"""Alembic migrations, run by `worker.store.migrate`."""
