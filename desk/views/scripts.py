"""How a script will look, from a draft that may still be wrong."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.response import TemplateResponse

from desk.models import Script, ScriptVersion
from desk.scripting import compile_script
from desk.talk import TalkForm


def preview(request: HttpRequest, script: Script) -> TemplateResponse:
    in_force = script.form.version_in_force() if script.form else None
    version = ScriptVersion(script=script, number=0, content=compile_script(script))
    talk = TalkForm(
        version, in_force.schema if in_force else {"format": 2, "basis": "", "steps": []}
    )
    context = {"script": version, "steps": list(talk.steps())}
    return TemplateResponse(request, "intake_desk/script_preview.html", context)
