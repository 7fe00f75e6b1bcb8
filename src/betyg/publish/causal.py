"""No causal statement leaves the house: surveys like these show what goes together, not why."""

import re
from collections.abc import Collection

from betyg.errors import SurveyError

_WORDS = {
    "sv": (
        r"leder till|ledde till|lett till|beror på|berodde på|tack vare|på grund av|orsak\w*|"
        r"till följd av|resultat(?:et)? av|en följd av|en effekt av|har gjort att|gör att|"
        r"bidr(?:ar|og|agit) till|förklaras av|medför\w*|därför att"
    ),
    "fi": (
        r"johtuu|johtui|johtuivat|johtuvat|ansiosta|aiheutta\w*|aiheuttu\w*|takia|vuoksi|"
        r"seurau(?:sta|ksena|s)|johta(?:a|nut|neet) siihen|johti siihen|tuloksena|syynä|selitty\w*"
    ),
    "en": (
        r"leads? to|led to|because(?: of)?|due to|thanks to|owing to|caus(?:e|es|ed|ing)|"
        r"(?:is|are|was|were|be|as) (?:a |the )?results? of|resulted in|results in|"
        r"an effect of|the effect of|"
        r"contribut(?:e|es|ed) to|explained by|consequence of|brought about|made it"
    ),
}
_QUOTED = re.compile(r"“[^”]*”|”[^”]*”|«[^»]*»")
# Terms of method that hold a causal word without making a causal statement.
_TERMS = re.compile(
    r"\bmix effects?\b|\beffekt av ändrad sammansättning\b|\brakennevaikutus\w*\b", re.IGNORECASE
)


class CausalWordingError(SurveyError):
    """A generated sentence says that something is the cause of something else."""


def refuse(text: str, *, labels: Collection[str] = ()) -> None:
    """Raise if ``text`` has causal wording in Swedish, Finnish or English.

    Parameters
    ----------
    text : str
        Generated text, in any of the languages.
    labels : collection of str
        Names and questions of the study. They are quoted, not claimed, and pass, as does
        whatever stands between quotation marks.

    Raises
    ------
    CausalWordingError
        Names the words and the sentence around them.
    """
    claimed = _TERMS.sub(" ", _QUOTED.sub(" ", text))
    for label in sorted(labels, key=len, reverse=True):
        claimed = claimed.replace(label, " ")
    for pattern in _WORDS.values():
        found = re.search(rf"\b(?:{pattern})\b", claimed, re.IGNORECASE)
        if found:
            around = " ".join(claimed[max(found.start() - 60, 0) : found.end() + 60].split())
            raise CausalWordingError(
                f"causal wording “{found[0].strip()}” in “…{around}…”. A survey shows what goes "
                "together, not what leads to what: say “goes with”, or give only the numbers."
            )
