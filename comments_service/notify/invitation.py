"""What somebody invited is told: the site, and the link; nothing in it was typed by anybody."""


def subject(site_id: str) -> str:
    """The subject."""
    return f"An invitation to moderate the comments of {site_id}"


def text(site_id: str, role: str, link: str) -> str:
    """The mail's text."""
    return (
        f"You are invited to look after the comments of {site_id}, as {role}.\n\n{link}\n\n"
        "The link is good once, and for a week. If you do not know why you are invited, forget this mail: without\n"
        "the link nothing comes of it, and your address is forgotten after the week.\n"
    )
