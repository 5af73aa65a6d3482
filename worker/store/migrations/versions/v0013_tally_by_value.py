"""PostgreSQL finds the counts of a few outlets by their names."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the index; SQLite would take it for other questions, to their harm."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_tally_value", "tally", ["dimension", "relation", "value", "day"])
