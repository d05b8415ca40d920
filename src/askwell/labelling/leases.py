"""Who is at which row: so that two people are not asked the same one by accident."""

from collections.abc import Iterable

ACTIVE = 60.0
"""Seconds after which somebody who was not heard of counts as gone: batches are no longer prepared for them."""


class Leases:
    """Rows that people hold, each until they answer, or were not heard of for `length` seconds."""

    def __init__(self, length: float):
        self.length = length
        self._rows: dict[str, list[str]] = {}  # by annotator, in the order of handing out
        self._heard: dict[str, float] = {}

    def hear(self, annotator: str, now: float) -> None:
        """Somebody gave a sign of life: what they hold is theirs for another `length` seconds."""
        for name, last in list(self._heard.items()):
            if now - last > self.length:
                self._rows.pop(name, None)
                del self._heard[name]
        self._heard[annotator] = now

    def hold(self, annotator: str, ids: Iterable[str], now: float) -> None:
        """Give rows to somebody."""
        self.hear(annotator, now)
        held = self._rows.setdefault(annotator, [])
        held.extend(id for id in ids if id not in held)

    def release(self, annotator: str, id: str) -> None:
        """Somebody is done with a row."""
        if id in self._rows.get(annotator, ()):
            self._rows[annotator].remove(id)

    def of(self, annotator: str) -> list[str]:
        """What somebody holds, in the order of handing out."""
        return list(self._rows.get(annotator, ()))

    def held(self, now: float, but: str | None = None) -> dict[str, int]:
        """How many people hold a row, by row, `but` for one of them."""
        count: dict[str, int] = {}
        for name, ids in self._rows.items():
            if name != but and now - self._heard[name] <= self.length:
                for id in ids:
                    count[id] = count.get(id, 0) + 1
        return count

    def active(self, now: float) -> int:
        """How many people are at work."""
        return sum(now - last <= ACTIVE for last in self._heard.values())
