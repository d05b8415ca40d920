"""The server of the page."""

import contextlib
import ctypes
import logging
import socket
import threading
import webbrowser
from typing import Any

import uvicorn

from askwell.core import AskwellError
from askwell.labelling.web.app import create_app
from askwell.labelling.web.desk import Desk
from askwell.labelling.web.guard import Access

FRUGAL = {-8: 1, -1: 128 * 1024, -3: 128 * 1024}
"""glibc's M_ARENA_MAX, M_TRIM_THRESHOLD and M_MMAP_THRESHOLD: else each thread has a heap of its own and keeps what was
freed, which costs the server a quarter more memory.
"""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def save_memory() -> None:
    """Have memory given back that was freed; for a process that begins to serve, before it starts threads."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another libc than glibc
        for name, value in FRUGAL.items():
            ctypes.CDLL(None).mallopt(name, value)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0: any free one.

    Raises:
        AskwellError: if it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: else asyncio leaves the delay of small packets on, 40 ms for each answer.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen()  # who comes before the server runs waits for it
        return found
    except (OSError, OverflowError) as error:
        found.close()
        reason = getattr(error, "strerror", None) or error
        raise AskwellError(
            f"Cannot serve on {host}, port {port} ({reason}); choose another --port or --host."
        ) from error


def access_of(host: str, tokens: dict[str, str]) -> Access:
    """Who may use a server on that address.

    Raises:
        AskwellError: for an address that others reach, without a token.
    """
    if host not in LOOPBACK and not tokens:
        raise AskwellError(f"--host {host} can be reached by others; give a --token that they must know.")
    return Access(tokens)


def serve(desk: Desk, access: Access, found: socket.socket, browser: str | None = None) -> None:
    """Serve until the process is told to end; `browser` is an address to open."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    settings: dict[str, Any] = {"log_level": "warning", "access_log": False, "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(create_app(desk, access), **settings))
    if browser is not None:
        threading.Timer(0.5, webbrowser.open, (browser,)).start()
    server.run(sockets=[found])
