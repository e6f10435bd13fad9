"""Sending one mail to one person, over SMTP."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from importlib import import_module
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Refused(Exception):
    """The mail server will never take this mail; trying again is of no use."""


class NotNow(Exception):
    """The mail server asks to come back with this mail; try again later."""


class Unreachable(NotNow):
    """The mail server is not there, or turns us away whatever we bring; the owner may have to set it right."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person; `key` makes a copy of it recognisable."""

    to: str
    subject: str
    text: str
    key: str
    at: datetime


def send(mail: Mail, smtp_url: str, sender: str) -> None:
    """Send `mail` through the server at `smtp_url`; raises `Refused`, `NotNow` or `Unreachable`."""
    url = urlsplit(smtp_url)
    message = written(mail, sender)
    try:
        with _connected(url) as server:
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message, from_addr=sender, to_addrs=[mail.to])
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise _no(code) from error
    except smtplib.SMTPDataError as error:
        raise _no(error.smtp_code) from error
    except smtplib.SMTPResponseException as error:  # at the greeting, the password or the sender
        raise Unreachable(f"{type(error).__name__} {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(type(error).__name__) from error


def _no(code: int) -> Exception:
    """What the server means who says no to this mail with `code` (RFC 5321, 4.2.1)."""
    return (Refused if code >= 500 else NotNow)(f"refused with {code}")


def written(mail: Mail, sender: str) -> EmailMessage:
    """`mail` as a message: plain text, with nothing in its headers that a stranger wrote."""
    address = import_module("email.headerregistry").Address  # the grammar of addresses takes half a megabyte
    message = EmailMessage()
    message["From"] = address("Comments", addr_spec=sender)
    message["To"] = address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _connected(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    if url.scheme == "smtp+starttls":
        server.starttls(context=ssl.create_default_context())
    return server
