"""Which file system a folder lies on: on a network's, locks and shared memory fail.

``/proc/mounts`` tells on Linux; elsewhere nothing is known and nothing refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/mounts")

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "lustre", "gpfs", "ceph"}
    | {"glusterfs", "beegfs", "pvfs2", "orangefs", "panfs", "ocfs2", "gfs2", "davfs", "9p"}
)
# FUSE names what stands behind it; those that lead to another machine.
_NETWORK_FUSE = frozenset(
    {"sshfs", "s3fs", "rclone", "gcsfuse", "goofys", "davfs", "davfs2", "glusterfs", "ceph"}
    | {"ceph-fuse", "blobfuse", "blobfuse2", "juicefs", "curlftpfs", "smbnetfs", "lizardfs"}
    | {"moosefs", "mfs"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_kind(folder: Path, table: str | None = None) -> str | None:
    """Return the kind of network file system that `folder` lies on, or ``None``.

    Parameters
    ----------
    folder
        Need not exist yet; its nearest parent that does counts, links resolved.
    table
        The text of ``/proc/mounts``; read from there by default.
    """
    mount = _mount_of(folder, table)
    return mount[0] if mount is not None and is_network(*mount) else None


def kind_of(folder: Path, table: str | None = None) -> str | None:
    """Return the kind of file system that `folder` lies on, ``None`` if that is not known.

    The parameters are those of :func:`network_kind`.
    """
    mount = _mount_of(folder, table)
    return None if mount is None else mount[0]


def _mount_of(folder: Path, table: str | None) -> tuple[str, str] | None:
    """Return kind and mount point of the file system that `folder` lies on."""
    if table is None:
        try:
            table = _MOUNTS.read_text(errors="surrogateescape")
        except OSError:  # not Linux
            return None
    real = os.path.realpath(folder)
    best, found = -1, None
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1]
        if "\\" in point:
            point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), point)
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        # Of two mounts on one point the later one is what is seen.
        if inside and len(point) >= best:
            best, found = len(point), (fields[2], point)
    return found


def is_network(kind: str, point: str) -> bool:
    """Tell whether a file system of this kind, mounted there, is reached over a network."""
    if kind == "9p" and point == "/":
        # The root of a sandboxed container (gVisor) is one machine's own disk. Other roots
        # that only look remote (overlay, virtiofs) are in no list here.
        return False
    family, _, name = kind.partition(".")
    return kind in _NETWORK or (family in {"fuse", "fuseblk"} and name in _NETWORK_FUSE)
