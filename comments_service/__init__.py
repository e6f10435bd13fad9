"""A standalone comment service: `create_app` lists its parts."""

import os

from flask import Flask

from . import config, database, errors, http
from .extensions import limiter
from .privacy.sealing import Sealer
from .signing import Signer


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application for `settings`, by default those of the environment; raises `config.BadSettings`."""
    settings = settings or config.load(os.environ)
    app = Flask(__name__, instance_path=str(settings.instance_path.resolve()), static_folder=None)
    keys = settings.keys()
    app.extensions.update(settings=settings, sealer=Sealer(keys), signer=Signer(keys))

    errors.init_app(app)
    http.init_app(app)
    database.init_app(app, settings.database)
    limiter.init_app(app)
    return app
