"""What is wrong now stands apart from what was lost, and each thing has a problem of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and read journals again about which something was said."""
    op.add_column("journals", sa.Column("left_out", sa.Integer, nullable=False, server_default="0"))
    op.add_column("journals", sa.Column("loss", sa.Text))
    op.add_column("sessions", sa.Column("problem", sa.Text))
    op.add_column("batches", sa.Column("problem", sa.Text))
    # The one sentence does not tell a loss from what has passed, and lines of a newer version
    # were passed over. Lines that are known already still count once.
    op.execute(
        "UPDATE journals SET offset = 0, next_seq = 0, problem = NULL WHERE problem IS NOT NULL"
    )
