"""Who acts, and for which sites: a moderator, a program with an API token, or the service itself."""

from dataclasses import dataclass
from uuid import UUID

from ..errors import NotFound


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who may decide.

    `id` is the moderator's, None for a program; `name` stands in the log; `sites` are the keys of the sites
    he decides for, None for every site.
    """

    id: UUID | None
    name: str
    sites: frozenset[str] | None

    def may(self, site_id: str) -> bool:
        """Whether he decides for the site."""
        return self.sites is None or site_id in self.sites

    def check(self, site_id: str) -> None:
        """Refuse him another's site: to him it does not exist; raises `NotFound`."""
        if not self.may(site_id):
            raise NotFound("There is no such thing.")

    def check_owner(self, site_id: str) -> None:
        """Refuse him what only an owner of the site may do; raises `NotFound` for another's site."""
        self.check(site_id)


SYSTEM = Actor(None, "system", None)
COMMAND_LINE = Actor(None, "command line", None)
