"""The store's tables, as SQLAlchemy Core.

What kernels and the server said stands in ``events``, what was asked of a batch execution in
``batches`` and ``outcomes``; ``runs`` is derived from these, and its ``document`` is the
truth that people are shown. ``summary`` holds the values that a table of runs sorts and
filters by. Times are RFC 3339 strings in UTC, which sort as they stand.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

# How far each journal was taken in. `problem` is why the rest of it can't be read now;
# `left_out` counts lines that will never be, and `loss` says what the last of them was.
journals = Table(
    "journals",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("offset", Integer, nullable=False),
    Column("next_seq", Integer, nullable=False),
    Column("problem", Text),
    Column("left_out", Integer, nullable=False, server_default="0"),
    Column("loss", Text),
)

# One row a line. `kernel_id` and `msg_id` join what the server heard with what the kernel said.
events = Table(
    "events",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kernel_id", Text),
    Column("msg_id", Text),
    Column("document", Text, nullable=False),
    Index("events_by_kernel", "kernel_id", "type"),
    Index("events_by_message", "msg_id"),
    Index("events_by_type", "type", "at"),
)

# `dirty` sessions have news that no run shows yet; `closed` ones have ended or died. `problem`
# is why the last news can't be shown, here and in `batches`. `seal` says why its runs are final,
# whatever its events tell.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kernel_id", Text, index=True),
    Column("run", Text, index=True),
    Column("notebook", Text),
    Column("started", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("dirty", Boolean, nullable=False, index=True),
    Column("draft", Text),
    Column("problem", Text),
    Column("seal", Text),
)

# A batch execution: what was given, who watches over it, and how it ended.
batches = Table(
    "batches",
    metadata,
    Column("run", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("outcome", Text),
    Column("executed", Text),
    Column("dirty", Boolean, nullable=False, index=True),
    Column("problem", Text),
)

# `steps` is the run's lineage as the store replays it, `layout` the digest of the document in
# which the run's positions count, `executed` that of the same document with outputs.
runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("notebook", Text),
    Column("status", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("parent", Text),
    Column("started", Text, nullable=False),
    Column("duration_s", Float),
    Column("summary", JSON, nullable=False),
    Column("document", Text, nullable=False),
    Column("environment", Text),
    Column("steps", Text, nullable=False),
    Column("given", Text),
    Column("executed", Text),
    Column("sequence", Integer, nullable=False, index=True),
    Index("runs_by_start", "started", "id"),
    Index("runs_of_notebook", "notebook", "started", "id"),
    Index("runs_of_session", "session", "ordinal"),
)

environments = Table(
    "environments",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("document", Text, nullable=False),
)

reproductions = Table(
    "reproductions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("started", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("sequence", Integer, nullable=False, index=True),
)

# Content that was dropped to keep the quota: whoever asks for it is told so, and when.
dropped = Table(
    "dropped",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", Text, nullable=False),
)

# The answer to the question whether input data may be copied, one row a notebook folder that
# was asked about. Runs up to the change number `looked` were looked at since.
folders = Table(
    "folders",
    metadata,
    Column("path", Text, primary_key=True),
    Column("keep_data", Text, nullable=False),
    Column("limit_bytes", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
)

# Copies of files that runs read, by the digest in the run's record; `blob` is where the content
# lies, or NULL, and then `why` says why it does not.
copies = Table(
    "copies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("blob", Text, index=True),
    Column("size_bytes", Integer, nullable=False),
    Column("why", Text),
    Column("at", Text, nullable=False),
)

# Which rows name which content (see mentions.py): of a writer's events by their numbers, of a run
# by the number of its last change.
mentions = Table(
    "mentions",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("digest", Text, primary_key=True),
    Index("mentions_by_digest", "digest"),
    sqlite_with_rowid=False,
)

# Up to which number that was noted; `lines` is how many events there were up to it.
noted = Table(
    "noted",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("upto", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
)

# One row: grows with each change that a reader may want to hear of.
counter = Table("counter", metadata, Column("sequence", Integer, nullable=False))
