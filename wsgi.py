"""The application for any WSGI server: `gunicorn wsgi:app` behind a proxy that buffers requests.

`comments-service run` is the server that needs no proxy. Run `comments-service check` after an upgrade: the
schema is brought up to date by `run`, not by an import.
"""

from comments_service import create_app

app = create_app()
