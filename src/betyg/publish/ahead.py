"""What every page needs, made ready before any is asked for.

The warm Python calls this once, and each of its copies begins with catalogues, the languages'
numbers and the page's template read: see :mod:`betyg.build.zygote`.
"""

from betyg.publish import document
from betyg.publish.language import Language, available

__all__ = ["prepare"]


def prepare() -> None:
    """Fill the caches of this process by one empty page in each language."""
    for code in available():
        words = Language(code)
        document.composed(words, title=words.number(0.5), synthetic=True, body="")
