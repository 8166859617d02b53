"""What was dropped or forgotten, which folders' data may be copied, and what was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("sessions", sa.Column("seal", sa.Text))
    op.create_table(
        "dropped",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "folders",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("keep_data", sa.Text, nullable=False),
        sa.Column("limit_bytes", sa.Integer, nullable=False),
        sa.Column("looked", sa.Integer, nullable=False),
    )
    op.create_table(
        "copies",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("blob", sa.Text),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_index("ix_copies_blob", "copies", ["blob"])
