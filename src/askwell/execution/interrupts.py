"""Ctrl-C while programs compile or run in other threads: heard at once, and nobody waits for them."""

import concurrent.futures
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

LOOK = 0.1
"""Seconds between two looks at whether Ctrl-C came."""


class Interrupts:
    """Whether Ctrl-C came, and waiting that ends when it does."""

    def __init__(self) -> None:
        self.came = False

    def __bool__(self) -> bool:
        return self.came

    def results(self, futures: Sequence[concurrent.futures.Future[T]]) -> list[T] | None:
        """The results in order, or None once Ctrl-C came: what is running then is left to itself.

        Raises:
            Exception: what the first that failed raised.
        """
        left = set(futures)
        while left:
            if self.came:
                for future in left:
                    future.cancel()
                return None
            done, left = concurrent.futures.wait(left, LOOK, concurrent.futures.FIRST_EXCEPTION)
            for future in done:
                future.result()
        return [future.result() for future in futures]


@contextmanager
def interrupts(heard: Callable[[], None] = lambda: None) -> Iterator[Interrupts]:
    """The first Ctrl-C is noted, and `heard` is called; a second one stops at once."""
    found = Interrupts()

    def catch(number: int, frame: Any) -> None:
        if found.came:
            raise KeyboardInterrupt
        found.came = True
        heard()

    if threading.current_thread() is not threading.main_thread():  # only there may signals be caught
        yield found
        return
    before = signal.signal(signal.SIGINT, catch)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)
