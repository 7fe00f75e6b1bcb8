"""Words and numbers in the reader's language.

Message ids are English; ``locale/<language>.po`` holds the translations and is read when a
:class:`Language` is made. Adding a language is adding one such file.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from betyg.errors import ParameterError
from betyg.publish.sentence import carried, quoted

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

NO_BREAK = "\u00a0"
MINUS = "\u2212"
EN_DASH = "\u2013"
SOURCE_LANGUAGE = "en"
_LOCALES = files("betyg.publish") / "locale"


def msgid(text: str) -> str:
    """Mark ``text`` as a message that is translated later, and return it as it is."""
    return text


_ORDINALS = (
    msgid("first"),
    msgid("second"),
    msgid("third"),
    msgid("fourth"),
    msgid("fifth"),
    msgid("sixth"),
    msgid("seventh"),
    msgid("eighth"),
    msgid("ninth"),
    msgid("tenth"),
    msgid("eleventh"),
    msgid("twelfth"),
    msgid("thirteenth"),
    msgid("fourteenth"),
    msgid("fifteenth"),
    msgid("sixteenth"),
    msgid("seventeenth"),
    msgid("eighteenth"),
    msgid("nineteenth"),
    msgid("twentieth"),
)
_CARDINALS = (
    msgid("none"),
    msgid("one"),
    msgid("two"),
    msgid("three"),
    msgid("four"),
    msgid("five"),
    msgid("six"),
    msgid("seven"),
    msgid("eight"),
    msgid("nine"),
    msgid("ten"),
    msgid("eleven"),
    msgid("twelve"),
)


def available() -> tuple[str, ...]:
    """Return the codes of the languages that reports can be written in."""
    translated = (p.name.removesuffix(".po") for p in _LOCALES.iterdir() if p.name.endswith(".po"))
    return tuple(sorted({SOURCE_LANGUAGE, *translated}))


@cache
def catalogue(code: str) -> "Catalog":
    """Read the catalogue of one language; English has an empty one.

    Raises
    ------
    ParameterError
        If there is no catalogue for the language.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if code == SOURCE_LANGUAGE:
        return Catalog(locale=code)
    if code not in available():
        raise ParameterError(
            f"language '{code}': no catalogue src/betyg/publish/locale/{code}.po. "
            f"There are: {', '.join(available())}. Correct the language, or add that one file."
        )
    return read_po(BytesIO((_LOCALES / f"{code}.po").read_bytes()), locale=code)


@dataclass(frozen=True, slots=True)
class Language:
    """A language that readers read: its words, and its way of writing numbers.

    Parameters
    ----------
    code : str
        Such as ``"sv"``; one of :func:`available`.
    """

    code: str
    _catalogue: "Catalog" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_catalogue", catalogue(self.code))

    @property
    def name(self) -> str:
        """What the language calls itself: ``Svenska``."""
        from babel import Locale

        return sentence_case(str(Locale(self.code).get_language_name(self.code)))

    def text(self, msgid: str, /, **values: object) -> str:
        """Translate ``msgid`` and fill its ``{placeholders}``.

        Raises
        ------
        ParameterError
            If the catalogue lacks the message: English must not slip into another language.
        """
        return carried(self._translation(msgid, 0).format(**values), values.values())

    def plural(self, singular: str, plural: str, n: int, /, **values: object) -> str:
        """Translate the form that goes with ``n``; ``{n}`` is filled with the number itself."""
        if self.code == SOURCE_LANGUAGE:
            form = singular if n == 1 else plural
        else:
            form = self._translation((singular, plural), self._plural_index(n))
        return carried(form.format(**{"n": self.integer(n), **values}), values.values())

    def _plural_index(self, n: int) -> int:

        return int(c2py(self._catalogue.plural_expr)(n))

    def _translation(self, msgid: str | tuple[str, str], index: int) -> str:
        singular = msgid if isinstance(msgid, str) else msgid[0]
        if self.code == SOURCE_LANGUAGE:
            return singular
        message = self._catalogue.get(singular)
        forms = (message.string if message else None) or ""
        found = forms if isinstance(forms, str) else dict(enumerate(forms)).get(index, "")
        if not found:
            raise ParameterError(
                f"language '{self.code}': no translation of “{singular}”. "
                f"Add it to src/betyg/publish/locale/{self.code}.po."
            )
        return str(found)

    def number(self, x: float, digits: int = 0) -> str:
        """Write ``x`` with ``digits`` decimals: ``72,4`` or ``72.4``, ``−3,5``, ``10 000``."""
        from babel.numbers import format_decimal

        rounded = round(float(x), digits) + 0.0  # +0.0: never "−0"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        written = format_decimal(rounded, format=pattern, locale=self.code)
        return written.replace("-", MINUS).replace("\u202f", NO_BREAK)

    def integer(self, n: int | np.integer) -> str:
        """Write a count with the language's thousands: ``10 000`` or ``10,000``."""
        return self.number(int(n), 0)

    def signed(self, x: float, digits: int = 1) -> str:
        """Write a difference with its sign: ``+1,5``, ``−1,5``, ``0,0``."""
        written = self.number(x, digits)
        return f"+{written}" if round(float(x), digits) > 0 else written

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share (0-1) as a percentage: ``25 %`` or ``25%``."""
        space = "" if self.code == SOURCE_LANGUAGE else NO_BREAK
        return f"{self.number(100 * float(share), digits)}{space}%"

    def range(self, low: str | float, high: str | float, digits: int = 0) -> str:
        """Write a span with an en dash, ``3–9``; one number where both ends print the same."""
        ends = [e if isinstance(e, str) else self.number(e, digits) for e in (low, high)]
        if ends[0] == ends[1]:
            return ends[0]
        # A dash between signed numbers reads as another sign.
        if any(end.startswith((MINUS, "+")) for end in ends):
            return self.text("{low} to {high}", low=ends[0], high=ends[1])
        first, last = ends
        if first.endswith("%") and last.endswith("%"):  # the sign is written once
            first = first.removesuffix("%").removesuffix(NO_BREAK)
        return carried(f"{first}{EN_DASH}{last}", ends)

    def date(self, day: datetime.date) -> str:
        """Write a day in full: ``8 november 2012``."""
        from babel.dates import format_date

        return format_date(day, format="long", locale=self.code)

    def ordinal(self, n: int) -> str:
        """Write a place: ``third``, ``tredje``, ``kolmas``; a numeral after the twentieth."""
        if 1 <= n <= len(_ORDINALS):
            return self.text(_ORDINALS[n - 1])
        endings = {1: msgid("{n}st"), 2: msgid("{n}nd"), 3: msgid("{n}rd")}
        other = msgid("{n}th")
        form = other if n % 100 in (11, 12, 13) else endings.get(n % 10, other)
        return self.text(form, n=n)

    def cardinal(self, n: int) -> str:
        """Write a small number in words, as running text does up to twelve."""
        if 0 <= n < len(_CARDINALS):
            return self.text(_CARDINALS[n])
        return self.integer(n)

    def listing(self, names: Sequence[str], limit: int | None = None) -> str:
        """Join names as a sentence does: ``a, b och c``; those over ``limit`` are counted."""
        from babel.lists import format_list

        shown = list(names if limit is None or len(names) <= limit else names[:limit])
        rest = len(names) - len(shown)
        if rest:
            shown.append(quoted(self.plural("{n} more", "{n} more", rest)))  # none of the data's
        return carried(format_list(shown, locale=self.code), [*names, *shown]) if shown else ""

    def genitive(self, name: str) -> str:
        """Put a name in the genitive: Swedish ``Kronobergs``, English ``Kronoberg’s``.

        Finnish would have to inflect the stem, so phrases there are built around the plain
        name; asking for the genitive is an error rather than a wrong form.
        """
        if self.code == "sv":
            return name if name[-1:].lower() in "sxz" else carried(f"{name}s", [name])
        if self.code == SOURCE_LANGUAGE:
            return carried(f"{name}’" if name.endswith("s") else f"{name}’s", [name])
        raise ParameterError(
            f"language '{self.code}': no rule for the genitive of “{name}”. "
            "Write the phrase so that the name stands in its basic form."
        )


def sentence_case(text: str) -> str:
    """Return ``text`` with a capital first letter and the rest as it is."""
    return carried(text[:1].upper() + text[1:], [text])
