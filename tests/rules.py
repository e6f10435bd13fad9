"""Changing the blog's policy in the middle of a test."""

from typing import Any

from people import SITE

from comments_service.database import transaction
from comments_service.sites import registry


@transaction
def change_rules(**rules: Any) -> None:
    """Give the blog these rules beside those that it has; what it showed is made anew."""
    site = registry.changing(SITE)
    site.policy = {**site.policy, **rules}
    site.revision += 1
