"""Stories: what matches are grouped by, and what people said of the groups."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and group what was matched before by its seeds."""
    op.add_column("match", sa.Column("story_id", sa.BigInteger))
    op.add_column("match", sa.Column("kind", sa.String(16)))
    op.create_table(
        "story_member",
        sa.Column(
            "match_id",
            _ID,
            sa.ForeignKey("match.id", name="fk_story_member_match_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("component", sa.BigInteger, nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("anchor", sa.Text),
        sa.Column("base_kind", sa.String(16), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("side", sa.BigInteger),
    )
    op.create_table(
        "story_decision",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "match_id",
            _ID,
            sa.ForeignKey("match.id", name="fk_story_decision_match_id"),
            nullable=False,
        ),
        sa.Column("side", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.Text),
        sa.Column("decided_at", _TIME, nullable=False),
    )
    # what tells a seed's event is one story; the rest is a story each until it is matched again
    op.execute("UPDATE match SET story_id = id, kind = relation WHERE relation <> 'unrelated'")
    op.execute(
        "UPDATE match SET story_id = told.first FROM (SELECT watch, seed, min(id) AS first "
        "FROM match WHERE relation IN ('copy', 'translation', 'same_event') "
        "GROUP BY watch, seed) AS told WHERE told.watch = match.watch "
        "AND told.seed = match.seed AND relation IN ('copy', 'translation', 'same_event')"
    )
    op.execute(
        "INSERT INTO story_member "
        "(match_id, watch, component, told_at, language, anchor, base_kind, encoder) "
        "SELECT m.id, m.watch, m.story_id, CASE WHEN a.published_at < a.first_seen_at "
        "THEN a.published_at ELSE a.first_seen_at END, m.language, "
        "CASE WHEN m.kind <> 'same_topic' THEN m.seed END, m.kind, '' "
        "FROM match AS m JOIN article AS a ON a.id = m.article_id "
        "WHERE m.relation <> 'unrelated'"
    )
    op.create_index("ix_match_story_id", "match", ["story_id", "id", "verdict", "relation"])
    op.create_index("ix_story_member_component", "story_member", ["component"])
    op.create_index("ix_story_member_watch", "story_member", ["watch", "told_at"])
    op.create_index("ix_story_member_anchor", "story_member", ["watch", "anchor", "component"])
    op.create_index("ix_story_decision_match_id", "story_decision", ["match_id"])
    op.create_index("ix_story_decision_act", "story_decision", ["act"])
