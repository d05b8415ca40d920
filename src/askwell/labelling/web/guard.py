"""What is let through: no other site, no other host's name, nobody without the token, nothing too large."""

import base64
import binascii
import dataclasses
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "askwell"
LARGEST, IMPORT = 64 * 1024, 64 * 1024 * 1024
"""Bytes of a request, and of one that imports labels or trains."""

LARGE = ("/api/import", "/predict", "/setup", "/train", "/webhook")
"""Requests that may be as large as `IMPORT`."""

READS = ("GET", "HEAD", "OPTIONS")


@dataclasses.dataclass(frozen=True)
class Access:
    """Who may use the page.

    Attributes:
        tokens: token to the name of who has it, empty where they may choose a name; none: whoever is on this machine.
        hosts: names that the server is called by; others are refused where no token is needed.
    """

    tokens: dict[str, str] = dataclasses.field(default_factory=dict)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Wraps the app. What it refuses gets a sentence, as JSON ``{"error": …}``."""

    def __init__(self, app: ASGIApp, access: Access, images: tuple[str, ...] = ()):
        self._app, self._access = app, access
        hosts = " ".join(f"https://{host} http://{host}" for host in images)
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors 'none'; img-src 'self' data: {hosts}".strip()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = self._token(scope, headers)
        largest = IMPORT if scope["path"].startswith(LARGE) else LARGEST
        refused = self._refused(scope, headers, token, largest)
        if refused is not None:
            status, sentence = refused
            await JSONResponse({"error": sentence}, status)(scope, receive, send)
            return
        if "token" in parse_qs(scope["query_string"].decode("latin-1")) and scope["path"] == "/":
            response = RedirectResponse("/", 303)  # out of the address bar, and out of the history
            response.set_cookie(COOKIE, token or "", httponly=True, samesite="strict", max_age=30 * 86400)
            await response(scope, receive, send)
            return
        scope["annotator"] = self._access.tokens.get(token or "", "")
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > largest:  # a body that came without its length
                raise ValueError(f"The request is larger than {largest:,} bytes.")
            return message

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                added["Content-Security-Policy"] = self._policy
                added["X-Content-Type-Options"] = "nosniff"
                added["Referrer-Policy"] = "no-referrer"
                added["Cross-Origin-Resource-Policy"] = "same-origin"
                added.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, limited, sealed)

    def _refused(
        self, scope: Scope, headers: Headers, token: str | None, largest: int
    ) -> tuple[int, str] | None:
        host = headers.get("host", "")
        # A page elsewhere may have its name resolve to this machine; it must not read along.
        if not self._access.tokens and host.rsplit(":", 1)[0] not in self._access.hosts:
            return 403, f"This server is not called '{host}'; open it by the address that it printed."
        origin = headers.get("origin")
        other = origin is not None and urlsplit(origin).netloc != host
        if other or headers.get("sec-fetch-site") == "cross-site":
            return 403, "This request comes from another site, and is refused."
        if self._access.tokens and token is None:
            return 401, "A token is needed; open the address that ends in ?token=…, as the server printed it."
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > largest:
            return 413, f"The request is larger than {largest:,} bytes."
        if scope["method"] not in READS and headers.get("transfer-encoding") and largest == LARGEST:
            return 411, "The request does not say how long it is."
        return None

    def _token(self, scope: Scope, headers: Headers) -> str | None:
        """The token that a request brings, if it is one of ours."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        given.append(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            given.append(value.strip())
        if kind.lower() == "basic":  # as Label Studio sends it: the password is the token
            try:
                given.append(base64.b64decode(value, validate=True).decode().partition(":")[2])
            except (binascii.Error, UnicodeDecodeError):
                return None
        return next((own for own in self._access.tokens for one in given if _same(own, one)), None)


def _same(a: str, b: Any) -> bool:
    """Whether two secrets are equal; how long that takes does not tell how much of them is."""
    return hmac.compare_digest(a.encode(), str(b).encode())
