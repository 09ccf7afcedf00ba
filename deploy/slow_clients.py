"""A client that sends a byte at a time, or stops half way, holds no connection for ever and no stop of the server.

uvicorn waits without end for the rest of a request. The edge gives a body its deadline and answers 408; here is what
the edge never sees: heads that don't end, and bodies that go on though they were answered.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
"""From a connection, or the first byte of a further request on it, to the end of its headers."""
LINGER_SECONDS = 5.0
"""How long a client may go on with a body that was answered already: closed at once, it might not read the answer."""
STOP_SECONDS = 3.0
"""How long a half-sent body is waited for once the server is asked to end."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own, with an end to each wait for the client."""

    _deadline: asyncio.TimerHandle | None = None
    _sending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._close_in(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._sending = True
        self._close_in(HEAD_SECONDS)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._sending = False
        self._wait_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._sending:
            self._close_in(LINGER_SECONDS)

    def shutdown(self) -> None:
        super().shutdown()
        if self._sending:
            self._close_in(STOP_SECONDS)

    def _close_in(self, seconds: float) -> None:
        self._wait_no_more()
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
