"""Every sentence the widget and the thread page say, in English; the thread's answer carries them in its language.

A counted sentence travels in every plural form of its language, under its key with the form's name behind it
(`comments.one`, `comments.few`); the reader's browser chooses (`Intl.PluralRules`). `{name}` and its like are filled in
by who says the sentence. A test keeps the keys here and the keys in `widget/src` the same.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .. import i18n
from ..i18n import N_, Counted
from ..sites.policy import Policy

COMMENTS = Counted("{count} comment", "{count} comments")
TEXTS: Mapping[str, str | Counted] = MappingProxyType(
    {
        # The list
        "comments": COMMENTS,
        "empty": N_("No comments yet"),
        "sort": N_("Order of the comments"),
        "oldest": N_("Oldest first"),
        "newest": N_("Newest first"),
        "more": N_("Show more comments"),
        "moderator": N_("Moderator"),
        "pinned": N_("Pinned"),
        "edited": N_("edited"),
        "reply": N_("Reply"),
        "reply_to": N_("Reply to {name}"),
        "in_reply_to": N_("in reply to {name}"),
        "locked": N_("Comments are closed here. You can still read what was written."),
        "closed": N_("This discussion is over: comments close some time after an article is published."),
        "failed": N_("Comments could not be loaded."),
        "retry": N_("Try again"),
        "elsewhere": N_("Read them on their own page"),
        # The form
        "title": N_("Leave a Comment"),
        "notice": N_("Your email address will not be published. Required fields are marked *"),
        "hint": N_("**bold**, *italic*, `code`, > quote and links work here."),
        "left": Counted("{count} character left", "{count} characters left"),
        "remember": N_("Save my name, email, and website in this browser for the next time I comment."),
        "post": N_("Post Comment"),
        "sending": N_("Sending …"),
        "preview": N_("Preview"),
        "cancel": N_("Cancel"),
        "use": N_("Use {suggestion}"),
        # What is wrong
        "required_body": N_("Please write a comment."),
        "required_name": N_("Please enter your name."),
        "required_email": N_("Please enter your email address."),
        "unsent": N_("This could not be sent. Your text is kept here: please try again."),
        "offline": N_("You are offline. Your comment is kept here and will be sent when you are back."),
        # The reader's own comments
        "thanks_pending": N_("Thank you. Your comment is awaiting moderation."),
        "thanks_approved": N_("Thank you. Your comment is published."),
        "pending": N_("Awaiting moderation: only you can see this."),
        "trash": N_("This comment was not published."),
        "editable": N_("You can change it until {time}."),
        "edit": N_("Edit"),
        "save": N_("Save"),
        "saved": N_("Your comment was changed."),
        "withdraw": N_("Withdraw"),
        "withdrawn": N_("Your comment was withdrawn."),
    }
)

# What the pages without scripts say besides; the widget has no use for it.
PAGE_TEXTS: Mapping[str, str | Counted] = MappingProxyType(
    {
        "region": N_("Comments"),
        "back": N_("Back to the article"),
        "replying_somebody": N_("You are replying to a comment."),
        "did_you_mean": N_("Did you mean {suggestion}?"),
        "your_comment": N_("Your comment"),
        "approved": N_("Your comment is published."),
        "waiting": N_("Your comment is awaiting moderation. Keep this address: it shows where your comment stands."),
        "feed": N_("Comments as a feed"),
    }
)


AWAY = N_("The moderators are away. What you write will be read when they are back.")


def away_notice(policy: Policy, lang: str) -> str:
    """What readers are told while a site's moderators are away: its own words, or ours; empty while they are not."""
    if not policy.away:
        return ""
    return policy.away_notice or i18n.translator(lang)(AWAY)


def with_notice(texts: dict[str, str], notice: str) -> dict[str, str]:
    """`texts` with `notice` before what stands above the form."""
    return {**texts, "notice": f"{notice} {texts['notice']}"} if notice else texts


def said(texts: Mapping[str, str | Counted], lang: str) -> dict[str, str]:
    """`texts` in `lang`, each plural form under a key of its own."""
    translate = i18n.translator(lang)
    flat: dict[str, str] = {}
    for key, text in texts.items():
        if isinstance(text, Counted):
            flat |= {f"{key}.{form}": sentence for form, sentence in i18n.forms(lang, text).items()}
        else:
            flat[key] = translate(text)
    return flat
