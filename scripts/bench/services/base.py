"""What a measured service has to offer; another one is added by a class like these."""

from pathlib import Path
from typing import Protocol

from ..content import Content
from .process import Running


class Service(Protocol):
    """One comment service: how to fill, start, read and write it."""

    name: str

    def fill(self, folder: Path, content: Content) -> None:
        """Make the service's data in `folder`."""

    def start(self, folder: Path) -> Running:
        """Start it on the data in `folder`, in the form its documentation recommends."""

    def thread(self, page: str) -> str:
        """The path that reads the thread below `page`."""

    def submission(self, page: str, number: int) -> bytes:
        """The request that submits comment `number` below `page`."""
