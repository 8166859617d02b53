"""What the store keeps, drops and forgets, as text."""

from __future__ import annotations

from jupyter_mlops.layout import clean, plural, size
from jupyter_mlops.records import Folder, Forgetting
from jupyter_mlops.text.parts import ID_SHOWN, INDENT

_ANSWERS = {
    "ask": "nobody has said whether the files that its runs read may be copied: none is",
    "yes": "the files that its runs read are copied into the store",
    "no": "the files that its runs read are not copied",
}


def folder(record: Folder, columns: int | None = None) -> str:
    """Show a folder's answer, and what *yes* costs."""
    lines = [f"{clean(record.folder)}: {_ANSWERS[record.keep_data]}"]
    if record.files:
        kept = f", {record.kept_files} of them kept ({size(record.kept_bytes)})"
        lines.append(
            f"its runs have read {plural(record.files, 'file')}, {size(record.size_bytes)}"
            + (kept if record.kept_files else "")
            + f"; a file above {size(record.limit_bytes)} is left out"
        )
    if record.keep_data == "ask":
        lines.append(f"to answer: jupyter mlops keep-data {clean(record.folder)} yes (or no)")
    return "\n".join(lines)


def question(record: Folder) -> str:
    """Ask whether the data that a folder's runs read may be copied."""
    return (
        f"The runs of notebooks in {clean(record.folder)} have read "
        f"{plural(record.files, 'file')} ({size(record.size_bytes)}). Keep copies of what they "
        "read in the store, so that it is there when a file changes?"
    )


def forgetting(record: Forgetting, columns: int | None = None) -> str:
    """Show what goes with runs that are forgotten, and what stays."""
    names = ", ".join(run[:ID_SHOWN] for run in record.runs)
    lines = [
        f"{'forgotten' if record.done else 'to be forgotten'}: run{'s' * (len(record.runs) > 1)} "
        f"{names}, with {plural(record.executions, 'cell execution')} and "
        f"{plural(record.blobs, 'stored content')} ({size(record.freed_bytes)})"
    ]
    if record.shared_executions:
        lines.append(
            f"{plural(record.shared_executions, 'cell execution')} stay, since other runs of the "
            "session rest on them too"
        )
    if not record.done:
        lines += [f"depends on it: {one.run[:ID_SHOWN]}, {one.why}" for one in record.dependents]
    lines += [clean(notice) for notice in record.notices]
    return f"\n{INDENT}".join(lines)
