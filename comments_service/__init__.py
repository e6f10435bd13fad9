"""A standalone comment service: `create_app` lists its parts."""
# ruff: noqa: E402

from . import collector

was_on = collector.pause()

import os

from flask import Flask

from . import config, database, errors, health, http, openapi
from .accounts import code_pages, passkey_pages
from .accounts import pages as accounts
from .administration import numbers_pages, people_pages, settings_pages, settings_views
from .comments import pages as thread_pages
from .comments import views as comments
from .comments.cache import Cache, CachedReads
from .comments.validity import validity_of
from .moderation import mail_pages
from .moderation import pages as queue_pages
from .moderation import thread_pages as discussion_pages
from .moderation import thread_views as discussions
from .moderation import views as moderation
from .privacy.sealing import Sealer
from .service import Service
from .signing import Signer
from .submissions import pages as submission_pages
from .submissions import views as submissions
from .widget import pages as widget

collector.go_on(was_on)

# What is registered: doors that speak JSON, and doors that speak HTML.
JSON = (comments, submissions, moderation, discussions, settings_views, openapi, health)
ADMINISTRATION = (mail_pages, settings_pages, people_pages, numbers_pages, code_pages, passkey_pages)
HTML = (thread_pages, submission_pages, queue_pages, discussion_pages, *ADMINISTRATION, widget)


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application for `settings`, by default those of the environment; raises `config.BadSettings`."""
    settings = settings or config.load(os.environ)
    app = Service(__name__, instance_path=str(settings.instance_path.resolve()), static_folder=None)
    keys = settings.keys()
    app.extensions.update(settings=settings, sealer=Sealer(keys), signer=Signer(keys))

    errors.init_app(app)
    http.init_app(app)
    database.init_app(app, settings.database, settings.read_database_url)
    accounts.init_app(app)
    for part in (*JSON, *HTML):
        app.register_blueprint(part.bp)

    with app.app_context():
        cache = Cache(settings.cache_megabytes << 20, validity_of(settings.workers))
    app.extensions["cache"] = cache
    app.wsgi_app = CachedReads(app.wsgi_app, cache)  # type: ignore[method-assign]
    return app
