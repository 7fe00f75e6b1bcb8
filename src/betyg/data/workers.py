"""Where work is done that can be cut into pieces: in this process, or on many machines.

What is here says only what is asked of them. A cluster is told of from outside, to the function
that begins the work; without one, everything is done here, in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

__all__ = ["HERE", "Workers", "given"]


class Workers(Protocol):
    """Those who do work: functions of a module, called with what can travel.

    A result may depend on nothing but its arguments: a piece is done anew where a worker is lost.
    """

    here: Path
    """The folder from which they see relative paths as this process does."""

    def give(self, thing: Any) -> Any:
        """Give them something that many pieces of work need, and return a stand-in for it.

        It travels once to each worker that needs it, not with every piece.
        """
        ...

    def keep(self, function: Callable[..., Any], *each: Sequence[Any]) -> list[Any]:
        """Call a function with each set of arguments, and leave the results where they are made.

        Returns stand-ins: they can be given to ``keep`` and ``bring``, and nowhere else.
        """
        ...

    def bring(
        self, function: Callable[..., Any], *each: Sequence[Any], doing: str
    ) -> Iterator[Any]:
        """Call a function with each set of arguments, and return the results in their order.

        Parameters
        ----------
        function : callable
            What it yields one by one may come as a list.
        each : sequence
            The arguments, or stand-ins for them.
        doing : str
            What those who wait are told.
        """
        ...


class _Here:
    """The process that asks: results are made when they are wanted."""

    here = Path()

    def give(self, thing: Any) -> Any:
        return thing

    def keep(self, function: Callable[..., Any], *each: Sequence[Any]) -> list[Any]:
        return list(map(function, *each))

    def bring(
        self, function: Callable[..., Any], *each: Sequence[Any], doing: str
    ) -> Iterator[Any]:
        del doing
        return map(function, *each)


HERE: Workers = _Here()


def given(thing: Any, workers: Workers, *, times: int) -> list[Any]:
    """Give workers something that so many pieces of work need, and return it for each."""
    return [workers.give(thing)] * times
