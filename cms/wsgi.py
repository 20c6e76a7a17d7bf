"""The door for a WSGI server. It expects a running database (see cms.database)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.base")

application = get_wsgi_application()

from forms.checks import require_keys  # noqa: E402 - the apps have to be there

require_keys()
