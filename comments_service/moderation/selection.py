"""Comments that are looked for: what their rows have to meet, and how the newest are read in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from ..comments import counts
from ..comments.models import Comment, Status, Thread
from ..database import first_id
from ..extensions import db
from ..sites.models import Site
from .search import Search
from .terms import Term

NO_ID = UUID(int=0)
ANY_SITE = sa.select(Site.id)  # named, for indexes begin with it


@dataclass(frozen=True, slots=True)
class Selection:
    """The comments of `sites` that meet `conditions`; `few` if an index finds so few by these that they are sorted."""

    sites: tuple[str, ...]
    first: UUID = NO_ID  # that none is older than
    conditions: tuple[sa.ColumnElement[bool], ...] = ()
    few: bool = False

    def where(self, *more: sa.ColumnElement[bool]) -> Self:
        """Those among them that meet `more`."""
        return replace(self, conditions=(*self.conditions, *more))

    def newest(self, *columns: Any, most: int, of_one: int | None = None) -> sa.Select[Any]:
        """The newest of them, `most` at most; or fewer, but `of_one` site at least, as all of them must be sorted."""
        one = len(self.sites) == 1
        own = Comment.site_id == self.sites[0] if one else Comment.site_id.in_(self.sites)
        begin = self.first if one or self.few else self._begin(of_one or most)
        since = [] if begin is NO_ID else [Comment.id >= begin]
        found = sa.select(*columns).where(own, *since, *self.conditions).limit(most)
        # Of a few that are found by another index there is none in order; to sort them is not to look for one.
        return found.order_by((sa.func.coalesce(Comment.id, Comment.id) if self.few else Comment.id).desc())

    def _begin(self, most: int) -> UUID:
        """Where the newest of all begin at the earliest: an index is in order for each site alone."""
        of_site = sa.select(Comment.id).where(Comment.site_id == Site.id, Comment.id >= self.first, *self.conditions)
        last = of_site.order_by(Comment.id.desc()).offset(most - 1).limit(1).correlate(Site).scalar_subquery()
        lasts = db.session.scalars(sa.select(last).where(Site.id.in_(self.sites)))
        return max(filter(None, lasts), default=self.first)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: on some sites, of a status or of any, by a search, older than a comment."""

    sites: tuple[str, ...]
    everywhere: bool  # whether there are no other sites
    status: Status | None
    search: Search
    below: UUID | None = None
    conditions: tuple[sa.ColumnElement[bool], ...] = ()

    @property
    def indexed(self) -> list[Term]:
        """The terms that an index knows."""
        return [term for term in self.search.terms if term.indexed]

    @property
    def literal(self) -> list[Term]:
        """The terms that are looked for as written."""
        return [term for term in self.search.terms if term.literal]

    @property
    def narrow(self) -> bool:
        """Whether an index of its own finds few by something that few have in common."""
        return bool(self.search.address_keys or self.search.reply_to or self.search.groups)

    @property
    def first(self) -> UUID:
        """What their ids are not below."""
        return max(map(first_id, self.search.after), default=NO_ID)

    @property
    def end(self) -> UUID | None:
        """What their ids are below."""
        ends = [*map(first_id, self.search.before), *filter(None, [self.below])]
        return min(ends, default=None)

    @property
    def kept(self) -> int:
        """How many are of these sites and the status, from the kept counts."""
        statuses = [self.status] if self.status else list(Status)
        return sum(numbers[status] for numbers in counts.by_status(self.sites).values() for status in statuses)

    def selection(self) -> Selection:
        """All of it but words and links."""
        few = self.narrow or bool(self.search.pages)
        found = Selection(self.sites, self.first, self.conditions, few)
        found = found.where(*self.about, *map(_on_page, self.search.pages))
        if self.status is not None:
            return found.where(Comment.status == self.status)
        # All that there are, for these indexes have the status in the midst.
        return found.where(Comment.status.in_(list(Status))) if few else found

    @property
    def about(self) -> list[sa.ColumnElement[bool]]:
        """What their rows meet besides site, status, words, links, page and beginning."""
        found = [Comment.address_key == key for key in self.search.address_keys]
        found += [Comment.group_key == key for key in self.search.groups]
        found += [part for parent in self.search.reply_to for part in _replying(parent)]
        return found + ([Comment.id < self.end] if self.end else [])


def _on_page(page: str) -> sa.ColumnElement[bool]:
    return Comment.thread_id.in_(sa.select(Thread.id).where(Thread.site_id.in_(ANY_SITE), Thread.page == page))


def _replying(parent_id: UUID) -> list[sa.ColumnElement[bool]]:
    """That a comment answers the one with the id; its thread is named, for there is an index of threads."""
    thread = sa.select(Comment.thread_id).where(Comment.site_id.in_(ANY_SITE), Comment.id == parent_id).limit(1)
    return [Comment.parent_id == parent_id, Comment.thread_id == db.session.scalar(thread)]


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of the newest, and whether there may be others."""

    ids: Sequence[UUID]
    more: bool

    @classmethod
    def of(cls, ids: Sequence[UUID], most: int) -> Self:
        """The first `most` of `ids`, which would go on if there were others."""
        return cls(ids[:most], len(ids) > most)


def with_links(search: Search, count: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
    """That a comment's `count` of links is as `search` says."""
    least, most = search.least_links, search.most_links
    # Said plainly, so that an index of those that have links at all is known to hold all of them.
    found = [count > sa.literal_column("0"), count >= least] if least else []
    return found if most is None else [*found, count <= most]
