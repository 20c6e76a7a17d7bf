"""What ends a review: only an approval puts a draft in force."""

from __future__ import annotations

from typing import Any

from wagtail.workflows import publish_workflow_state


def put_in_force(state: Any, user: Any = None) -> None:
    """Publish what was approved; `state` is a WorkflowState, whose class is made after this.

    Wagtail comes here, too, when the last task is switched off or there is none: nobody has looked
    then, so the review is taken back and the draft stays a draft.
    """
    last = state.current_task_state
    if last is not None and last.status == last.STATUS_APPROVED:
        publish_workflow_state(state, user=user)
        return
    state.status = state.STATUS_CANCELLED
    state.save(update_fields=["status"])
    state.requested_by = None  # not saved: nobody gets a letter that it was approved
