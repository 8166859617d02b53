"""What the store keeps, drops and forgets, as text."""

from __future__ import annotations

from jupyter_mlops.layout import clean, plural, size, table
from jupyter_mlops.records import Collection, Dropped, Folder, Forgetting
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
    if record.keep_data == "ask" and record.answerable:
        lines.append(f"to answer: jupyter mlops keep-data {clean(record.folder)} yes (or no)")
    return "\n".join(lines)


def question(record: Folder) -> str:
    """Ask whether the data that a folder's runs read may be copied."""
    return (
        f"The runs of notebooks in {clean(record.folder)} have read "
        f"{plural(record.files, 'file')} ({size(record.size_bytes)}). Keep copies of what they "
        "read in the store, so that it is there when a file changes?"
    )


def forgetting(record: Forgetting, columns: int | None = None, *, preview: bool = False) -> str:
    """Show what goes with runs that are forgotten, and what stays.

    Parameters
    ----------
    preview
        Whether somebody asked for no more than that: the last line says what ``--yes`` does.
    """
    names = ", ".join(run[:ID_SHOWN] for run in record.runs)
    what = ["parameters, metrics and models"]
    what.append(f"the code and outputs of {_executions(record.executions)}")
    if record.copies:
        what.append(f"copies of {plural(record.copies, 'data file')}")
    # What other runs hold as well frees nothing.
    freed = f": {size(record.freed_bytes)} of stored content" if record.freed_bytes else ""
    lines = [
        f"{'forgotten' if record.done else 'to be forgotten'}: run{'s' * (len(record.runs) > 1)} "
        f"{names}",
        "; ".join(what) + freed,
    ]
    if record.shared_executions:
        stay = "stays" if record.shared_executions == 1 else "stay"
        lines.append(
            f"{_executions(record.shared_executions)} {stay}: other runs of the session rest on "
            f"{'it' if record.shared_executions == 1 else 'them'} too"
        )
    if not record.done:
        for one in record.dependents:
            goes = "goes too" if one.run in record.runs else "has to go too (--with-dependents)"
            lines.append(f"{goes}: {one.run[:ID_SHOWN]}, {one.why}")
    lines += [clean(notice) for notice in record.notices]
    if record.obstacle is not None:
        which = f" (kernel {clean(record.kernel)})" if record.kernel is not None else ""
        lines.append(f"not now: {clean(record.obstacle)}{which}")
    shown = f"\n{INDENT}".join(lines)
    if not preview:
        return shown
    if cannot_be_forgotten(record):
        return f"{shown}\nnothing was forgotten; --yes would be refused as well"
    return f"{shown}\nnothing was forgotten yet; to forget it for good, repeat this with --yes"


def collection(record: Collection, columns: int | None = None) -> str:
    """Show what gc drops and what it leaves, each with the reason."""
    lines = [
        f"stored content and journals take {size(record.used_bytes)}, the quota is "
        f"{size(record.quota_bytes)}"
    ]
    rows = [
        ("dropped" if record.done else "to drop", size(one.size_bytes), _whose(one), one.why)
        for one in record.dropped
    ]
    rows += [
        ("stays", size(one.size_bytes), f"content of run {one.run[:ID_SHOWN]}", one.why)
        for one in record.protected
    ]
    lines += [table(rows, indent=INDENT, columns=columns)] if rows else ["there is nothing to drop"]
    if record.left_bytes > record.quota_bytes:
        over = size(record.left_bytes - record.quota_bytes)
        lines.append(
            f"{size(record.left_bytes)} {'are' if record.done else 'would be'} left, {over} above "
            "the quota: what runs, reproductions and live kernels need, and what is younger than "
            "two minutes, is not dropped; to have less, forget runs (jupyter mlops forget RUN), "
            "or raise MLOps.quota"
        )
    lines += [clean(notice) for notice in record.notices]
    if record.dropped and not record.done and not record.notices:
        lines.append("nothing was dropped yet; to drop it, repeat this with --yes")
    return "\n".join(lines)


def cannot_be_forgotten(record: Forgetting) -> bool:
    """Tell of a preview whether forgetting would be refused, as things are."""
    return record.obstacle is not None or any(
        one.run not in record.runs for one in record.dependents
    )


def _executions(count: int) -> str:
    return "1 execution of a cell" if count == 1 else f"{count} executions of cells"


def _whose(one: Dropped) -> str:
    return one.what if one.run is None else f"{one.what} of run {one.run[:ID_SHOWN]}"
