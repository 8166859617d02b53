"""The first schema: journals, events, sessions, batches, runs and reproductions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    _create_what_was_said()
    _create_what_was_asked()
    _create_runs()
    op.create_table("counter", sa.Column("sequence", sa.Integer, nullable=False))
    op.execute("INSERT INTO counter (sequence) VALUES (0)")


def _create_what_was_said() -> None:
    op.create_table(
        "journals",
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("offset", sa.Integer, nullable=False),
        sa.Column("next_seq", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text),
    )
    op.create_table(
        "events",
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kernel_id", sa.Text),
        sa.Column("msg_id", sa.Text),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("events_by_kernel", "events", ["kernel_id", "type"])
    op.create_index("events_by_message", "events", ["msg_id"])
    op.create_index("events_by_type", "events", ["type", "at"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kernel_id", sa.Text),
        sa.Column("run", sa.Text),
        sa.Column("notebook", sa.Text),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("dirty", sa.Boolean, nullable=False),
        sa.Column("draft", sa.Text),
    )
    for column in ("kernel_id", "run", "dirty"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column])


def _create_what_was_asked() -> None:
    op.create_table(
        "batches",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("executed", sa.Text),
        sa.Column("dirty", sa.Boolean, nullable=False),
    )
    op.create_index("ix_batches_dirty", "batches", ["dirty"])
    op.create_table(
        "reproductions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
    )
    for column in ("run", "sequence"):
        op.create_index(f"ix_reproductions_{column}", "reproductions", [column])


def _create_runs() -> None:
    op.create_table(
        "environments",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("notebook", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("duration_s", sa.Float),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("environment", sa.Text),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("given", sa.Text),
        sa.Column("executed", sa.Text),
        sa.Column("sequence", sa.Integer, nullable=False),
    )
    op.create_index("ix_runs_sequence", "runs", ["sequence"])
    op.create_index("runs_by_start", "runs", ["started", "id"])
    op.create_index("runs_of_notebook", "runs", ["notebook", "started", "id"])
    op.create_index("runs_of_session", "runs", ["session", "ordinal"])
