"""What somebody invited is told: the site, and the link; nothing in it was typed by anybody."""

from ..i18n import N_, Sentence, Translate

SUBJECT = N_("An invitation to moderate the comments of {site}")
INVITED = N_("You are invited to look after the comments of {site}, as {role}.")
GOOD = N_(
    "The link is good once, and for a week. If you do not know why you are invited, forget this mail: without the link "
    "nothing comes of it, and your address is forgotten after the week."
)


def subject(site_id: str) -> Sentence:
    """The subject."""
    return Sentence(SUBJECT, {"site": site_id})


def text(site_id: str, role: str, link: str, translate: Translate) -> str:
    """The mail's text, by `translate` in somebody's language."""
    invited = translate(Sentence(INVITED, {"site": site_id, "role": (role,)}))
    return f"{invited}\n\n{link}\n\n{translate(GOOD)}\n"
