"""Who answers for personal data by law: the centre of a case, or the owner of the installation."""

from __future__ import annotations

from wagtail.models import Site

from catalogue.models import Provider
from cms.models import SiteSettings


def operator_of(centre: Provider | None) -> str:
    """Name and address; without a centre, the name that the installation gives itself."""
    if centre is None:
        site = Site.objects.filter(is_default_site=True).first()
        words = SiteSettings.for_site(site) if site else SiteSettings()
        return str(words.centre_name)
    address = centre.offices.exclude(address="").values_list("address", flat=True).first()
    return ", ".join(filter(None, [str(centre), address]))
