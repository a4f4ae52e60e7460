"""The question to a language model behind a label."""

from collections.abc import Iterable

from glossator.llm.call import Call
from glossator.project.revision import LabelRevision


def call_behind(calls: Iterable[Call], revision: LabelRevision) -> Call | None:
    """The call that a revision came of; None where the log does not hold it.

    Parameters
    ----------
    calls : about the revision's subject, the newest last.
    """
    if not revision.prompt_hash:
        return None
    asked = [
        call
        for call in calls
        if call.model == revision.model
        and not call.failure
        and (not revision.at or call.at <= revision.at)
    ]
    # A labeler draws one label from one answer; the last one before it was stored.
    return asked[-1] if asked else None


def call_text(call: Call) -> str:
    """Prompt and answer, to be read by a person."""
    turns = "\n\n".join(f"[{turn.role}]\n{turn.text}" for turn in call.turns)
    return f"{turns}\n\n[answer of {call.model}]\n{call.text}"
