"""What a score's file warns of: what its number does not show, and makes its clips poor or the number worth less.

A warning is a code, for programs and tables, and a sentence, for people. What measures something adds its code here and its
sentences to the score; the report shows all of them, whatever their code.
"""

from typing import Literal

from stylesv.config.base import Settings

WarningCode = Literal[
    "still",  # clips that do not move
    "slow",  # they change less than half as much from frame to frame as real ones
    "fast",  # more than twice as much
    "morphs",  # they change as real ones do, but what is in them does not move as far
    "wrong_direction",  # they move elsewhere than real ones
    "collapsed",  # their contents are nearly the same
    "copies",  # they are real clips
    "repeats",  # they play the same motion again
]


class ScoreWarning(Settings):
    """One warning."""

    code: WarningCode
    """What is wrong, in a word."""
    sentence: str
    """The same for people, with the numbers."""
