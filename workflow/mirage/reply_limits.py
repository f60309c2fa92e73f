"""Bounds on what a server may send: a reply without end must not fill the memory or hold a job.

The client's own limit is on the time between two pieces, so that a byte a minute never ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from httpx2 import ReadTimeout, RemoteProtocolError, Response, SyncByteStream

UNPACKED: Final = ("", "identity")


class ReplyLimits:
    """A hook for every response of a client, before its body is read."""

    def __init__(self, seconds: float, most: int) -> None:
        """Sets the bounds.

        Args:
            seconds: From the head of a reply to its end.
            most: Bytes of its body.
        """
        self.seconds, self.most = seconds, most

    def __call__(self, response: Response) -> None:
        """Bounds a response's body; of an error that is compressed the status alone is left.

        Raises:
            RemoteProtocolError: It is compressed, which nobody asked for and hides its length.
        """
        assert isinstance(response.stream, SyncByteStream)
        packed = response.headers.get("content-encoding", "").strip().lower() not in UNPACKED
        if packed and response.is_success:
            raise RemoteProtocolError("compressed, although that was not asked for")
        if packed:
            del response.headers["content-encoding"]
            response.stream = _Empty(response.stream)
        else:
            response.stream = _Bounded(response.stream, time.monotonic() + self.seconds, self.most)


class _Empty(SyncByteStream):
    def __init__(self, stream: SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        self._stream.close()


class _Bounded(SyncByteStream):
    def __init__(self, stream: SyncByteStream, end: float, most: int) -> None:
        self._stream, self._end, self._most = stream, end, most

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        for piece in self._stream:
            count += len(piece)
            if count > self._most:
                raise RemoteProtocolError(f"a reply of more than {self._most} bytes")
            if time.monotonic() > self._end:
                raise ReadTimeout("a reply that never ends")
            yield piece

    def close(self) -> None:
        self._stream.close()
