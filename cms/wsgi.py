"""The door for a WSGI server. It expects a running database (see cms.database)."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


def _application() -> WSGIHandler:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.base")
    made = get_wsgi_application()
    from forms.checks import require_keys  # the apps have to be there

    require_keys()
    return made


application = _application()
