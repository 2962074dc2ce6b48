"""A mail server that takes everything: `python -m bench.relay PORT FILE SECONDS`.

Each mail that it takes is a line of the file: the time in seconds, the Message-ID. It thinks for so many seconds
about each.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TextIO

from aiosmtpd.smtp import SMTP

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Taker:
    """Notes a mail just before it says that it has it."""

    def __init__(self, out: TextIO, delay: float):
        self._out = out
        self._delay = delay

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 (aiosmtpd's own name)
        await asyncio.sleep(self._delay)
        self._out.write(f"{time.time():.3f} {_MESSAGE_ID.search(envelope.content)[1].decode()}\n")
        return "250 Taken"


async def serve(port: int, noted: Path, delay: float) -> None:
    with noted.open("a", buffering=1) as out:
        taker = Taker(out, delay)
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(taker), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
