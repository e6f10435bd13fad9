"""Who acts, and for which sites: a moderator, a program with an API token, or the service itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ..errors import Forbidden, NotFound
from ..i18n import N_
from .models import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who may decide.

    `id` is the moderator's, None for a program; `name` stands in the log; `sites` are the keys of the sites
    he decides for, each with his role there, None for every site, which he then owns.
    """

    id: UUID | None
    name: str
    sites: Mapping[str, Role] | None

    def may(self, site_id: str) -> bool:
        """Whether he decides for the site."""
        return self.sites is None or site_id in self.sites

    def check(self, site_id: str) -> None:
        """Refuse him another's site: to him it does not exist; raises `NotFound`."""
        if not self.may(site_id):
            raise NotFound(N_("There is no such thing."))

    def owns(self, site_id: str) -> bool:
        """Whether he settles who decides for the site, and by which rules."""
        return self.sites is None or self.sites.get(site_id) is Role.OWNER

    @property
    def is_owner(self) -> bool:
        """Whether he owns any site."""
        return self.sites is None or Role.OWNER in self.sites.values()

    def check_owner(self, site_id: str) -> None:
        """Refuse him what only an owner may do.

        Raises `NotFound` for another's site, `Forbidden` for one that he only moderates.
        """
        self.check(site_id)
        if not self.owns(site_id):
            raise Forbidden(N_("Only an owner of this site may do that."))


SYSTEM = Actor(None, "system", None)
COMMAND_LINE = Actor(None, "command line", None)
