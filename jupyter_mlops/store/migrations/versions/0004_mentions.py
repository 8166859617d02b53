"""Which rows name which content, so that forgetting a run need not read all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what is there already is noted bit by bit, with the next looks."""
    op.create_table(
        "mentions",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("mentions_by_digest", "mentions", ["digest"])
    op.create_table(
        "noted",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("upto", sa.Integer, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
    )
