"""What the store keeps, drops and forgets, as text."""

from __future__ import annotations

from jupyter_mlops.layout import clean, plural, size
from jupyter_mlops.records import Folder

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
