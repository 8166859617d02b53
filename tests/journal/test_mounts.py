"""Which folders lie on a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlops.journal.mounts import network_kind

TABLE = """\
overlay / overlay rw 0 0
proc /proc proc rw 0 0
server:/export /home nfs4 rw 0 0
/dev/sdb /home/ada/local ext4 rw 0 0
//win/share /mnt/with\\040space cifs rw 0 0
scratch /scratch lustre rw 0 0
ada@host: /remote fuse.sshfs rw 0 0
/dev/fuse /boxes fuse.squashfuse rw 0 0
C:\\134 /mnt/c 9p rw 0 0
share /shared virtiofs rw 0 0
old /twice nfs rw 0 0
tmpfs /twice tmpfs rw 0 0
malformed
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", None),
        ("/var/lib", None),
        ("/home", "nfs4"),
        ("/home/bob/mlops", "nfs4"),
        ("/homework", None),
        ("/home/ada/local/mlops", None),
        ("/mnt/with space/mlops", "cifs"),
        ("/scratch/ada", "lustre"),
        ("/remote", "fuse.sshfs"),
        ("/boxes/one", None),
        ("/mnt/c/Users", "9p"),
        ("/shared/mlops", None),
        ("/twice/mlops", None),
    ],
)
def test_kind(folder: str, kind: str | None) -> None:
    assert network_kind(Path(folder), TABLE) == kind


def test_a_container_whose_root_is_9p_is_one_machine() -> None:
    assert network_kind(Path("/root/mlops"), "none / 9p rw 0 0\n") is None


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").symlink_to(tmp_path / "there")
    table = f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path / 'there'} nfs rw 0 0\n"
    assert network_kind(tmp_path / "here" / "mlops", table) == "nfs"


def test_this_machine_has_a_table() -> None:
    assert network_kind(Path("/proc")) is None
