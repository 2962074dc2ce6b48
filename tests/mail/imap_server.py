"""A real IMAP server, Debian's dovecot, on a free port of 127.0.0.1, with one account."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from imap_tools import MailBoxUnencrypted

from tests.mail.process import Process, free_port, listens, wait_until

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
USER, PASSWORD = "helpdesk", "kettle-lamp"
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = test-{port}
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
passdb {{
  driver = static
  args = password={{plain}}{password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class IMAPServer:
    """Start it as a context manager; `url` is what INBOX_URL takes."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="imap-"))  # short: it holds sockets, whose paths have 108 bytes
        self.port = free_port()
        self.url = f"imap://{USER}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def __enter__(self) -> IMAPServer:
        me = pwd.getpwnam(getpass.getuser())
        owner = pwd.getpwnam("nobody") if me.pw_uid == 0 else me  # dovecot opens no mail as root
        for name in ("mail", "home", "run", "state"):
            (self.folder / name).mkdir()
        for path in (self.folder, self.folder / "mail", self.folder / "home"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        (self.folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=self.folder,
                port=self.port,
                internal=owner.pw_name,
                group=grp.getgrgid(owner.pw_gid).gr_name,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                password=PASSWORD,
            )
        )
        self._process = Process(DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf"), log=self.folder / "out.log")
        if not wait_until(lambda: listens(self.port)):
            logs = [path.read_text(errors="replace") for path in self.folder.glob("*.log")]
            self.__exit__()
            raise AssertionError("\n".join(logs)[-3000:])
        return self

    def __exit__(self, *exc_info) -> None:
        self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, folder: str = "INBOX") -> MailBoxUnencrypted:
        box = MailBoxUnencrypted("127.0.0.1", self.port, timeout=10)
        box.login(USER, PASSWORD, initial_folder=folder)
        return box

    def put(self, *raws: bytes) -> None:
        """Let mails arrive."""
        with self.open() as box:
            for raw in raws:
                box.append(raw.replace(b"\n", b"\r\n"), "INBOX")

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """Return the subjects of the mails in a folder; there may be no such folder."""
        with self.open() as box:
            if not box.folder.exists(folder):
                return []
            box.folder.set(folder)
            return sorted(mail.subject for mail in box.fetch(mark_seen=False, headers_only=True))
