"""Registers what this floor adds to the back office."""

from wagtail.snippets.models import register_snippet

from forms.viewsets import FormDefinitionViewSet

register_snippet(FormDefinitionViewSet)
