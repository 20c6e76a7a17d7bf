"""The blocks that an editor builds a form from.

A question keeps the key that it was given when it was added, whatever its label becomes; answers
are stored under keys. What the blocks of a form have to agree on is checked in forms.consistency;
forms.compiling reads them into the questions of a version.
"""

from forms.blocks.conditions import ComparisonBlock, ConditionsBlock
from forms.blocks.inputs import KeyBlock, ReferenceBlock
from forms.blocks.questions import NUMBER_LIMIT, QUESTIONS
from forms.blocks.structure import ReadyQuestionsBlock, StepsBlock

TYPES = tuple(name for name, _block in QUESTIONS)

__all__ = [
    "NUMBER_LIMIT",
    "TYPES",
    "ComparisonBlock",
    "ConditionsBlock",
    "KeyBlock",
    "ReadyQuestionsBlock",
    "ReferenceBlock",
    "StepsBlock",
]
