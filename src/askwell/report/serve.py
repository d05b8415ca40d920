"""The report of a run that is still going on, on this machine's own address only."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askwell.core import AskwellError
from askwell.report import html
from askwell.report.page import page
from askwell.report.run import open_run

LOOPBACK = "127.0.0.1"
EVERY = 20
"""Seconds until the browser asks again."""


@contextmanager
def serving(root: Path | str, port: int) -> Iterator[str]:
    """Serve a directory's report on the loopback address while the block runs; gives the URL. Port 0: any free one.

    Raises:
        AskwellError: if the port is taken, or not to be had.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # A page elsewhere may have its name resolve to this machine; it must not read along.
            if self.headers.get("Host", "").rsplit(":", 1)[0] not in (LOOPBACK, "localhost"):
                self.send_error(403)
            elif self.path != "/":
                self.send_error(404)
            else:
                body = _now(Path(root)).encode()
                self.send_response(200)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(body))),
                    ("Refresh", str(EVERY)),
                    ("Cache-Control", "no-store"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the progress."""

    try:
        server = http.server.ThreadingHTTPServer((LOOPBACK, port), Handler)
    except (OSError, OverflowError) as error:
        raise AskwellError(
            f"Cannot serve on port {port}: {getattr(error, 'strerror', None) or error}; choose another --watch-port."
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _now(root: Path) -> str:
    from askwell.report import render  # the room's own front, which is not there yet when this is imported

    try:
        return render(open_run(root))
    except AskwellError as error:
        return page(
            f"{root.resolve().name}: nothing yet",
            html.paragraph(str(error)),
            [],
            f"Asked again every {EVERY} s.",
        )
