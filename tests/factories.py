"""Makes objects for tests."""

from __future__ import annotations

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from catalogue.models import Measure, Membership, Provider, Territory
from cms.access import Role
from cms.models import User


class TerritoryFactory(DjangoModelFactory):
    class Meta:
        model = Territory
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"territory-{n}")
    title = factory.Sequence(lambda n: f"Территория {n}")
    kind = "municipal_district"

    @factory.post_generation
    def read_path(self, create, extracted, **kwargs):
        if create:
            self.refresh_from_db()  # the trigger has made it


class ProviderFactory(DjangoModelFactory):
    class Meta:
        model = Provider
        skip_postgeneration_save = True

    class Params:
        centre = factory.Trait(is_centre=True, kind="family_mfc")

    slug = factory.Sequence(lambda n: f"provider-{n}")
    full_name = factory.Sequence(lambda n: f"Учреждение номер {n}")
    short_name = factory.Sequence(lambda n: f"Учреждение {n}")
    kind = "social_service"

    @factory.post_generation
    def territories(self, create, extracted, **kwargs):
        if create and extracted:
            self.territories.set(extracted)


class MeasureFactory(DjangoModelFactory):
    class Meta:
        model = Measure

    slug = factory.Sequence(lambda n: f"measure-{n}")
    title = factory.Sequence(lambda n: f"Мера {n}")
    kind = "payment"
    summary = "Помощь семье."
    levels = ["regional"]
    live = True


class UserFactory(DjangoModelFactory):
    """A user; `role` puts it into the role's group, `provider` makes it a member."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user-{n}")

    @factory.post_generation
    def role(self, create: bool, extracted: Role | None, **kwargs):
        if create and extracted:
            self.groups.add(Group.objects.get(name=extracted.value))

    @factory.post_generation
    def provider(self, create: bool, extracted: Provider | None, **kwargs):
        if create and extracted:
            Membership.objects.create(user=self, provider=extracted)
