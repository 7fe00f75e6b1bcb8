"""Labels beside points: none covers another, a point or a word that is there already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MOST_STEPS = 20_000  # of the search; beyond that, the reader gets numbers and a key
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
DISTANCES = (7.0, 13.0, 22.0, 34.0, 50.0, 70.0)
CROSSED = 45.0  # points of distance that crossing a line counts as
PADDING = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Return whether two rectangles share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def inside(self, other: "Box") -> bool:
        """Return whether the other rectangle holds this one."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.bottom >= other.bottom
            and self.top <= other.top
        )

    def nearest(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return the point of the rectangle that is nearest to ``point``."""
        x, y = point
        return min(max(x, self.left), self.right), min(max(y, self.bottom), self.top)


def around(point: tuple[float, float], radius: float) -> Box:
    """Return the square that a symbol takes."""
    x, y = point
    return Box(left=x - radius, bottom=y - radius, right=x + radius, top=y + radius)


def place(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    area: Box,
    taken: Sequence[Box] = (),
    crossed: Sequence[Box] = (),
) -> list[Box] | None:
    """Find a place beside each point for its label.

    Parameters
    ----------
    points : sequence of (x, y)
        Points to be labelled, in points.
    sizes : sequence of (width, height)
        Of the labels, in points.
    area : Box
        Labels stay inside.
    taken : sequence of Box
        What no label may cover: symbols, words.
    crossed : sequence of Box
        What labels rather do not cover: lines.

    Returns
    -------
    list of Box or None
        None where the labels do not fit.
    """
    choices = [
        sorted(_choices(point, size, area, taken, crossed), key=lambda choice: choice[0])
        for point, size in zip(points, sizes, strict=True)
    ]
    order = sorted(range(len(points)), key=lambda i: len(choices[i]))
    found = _search([[box for _, box in choices[i]] for i in order])
    if found is None:
        return None
    placed = dict(zip(order, found, strict=True))
    return [placed[i] for i in range(len(points))]


def _choices(
    point: tuple[float, float],
    size: tuple[float, float],
    area: Box,
    taken: Sequence[Box],
    crossed: Sequence[Box],
) -> Iterator[tuple[float, Box]]:
    """Yield the places that are free, each with what it costs the eye."""
    width, height = size[0] + 2 * PADDING, size[1] + 2 * PADDING
    for distance in DISTANCES:
        for across, up in DIRECTIONS:
            reach = distance / np.hypot(across, up)
            x = point[0] + across * (reach + width / 2)
            y = point[1] + up * (reach + height / 2)
            box = Box(
                left=x - width / 2, right=x + width / 2, bottom=y - height / 2, top=y + height / 2
            )
            if box.inside(area) and not any(box.meets(other) for other in taken):
                yield distance + CROSSED * sum(box.meets(line) for line in crossed), box


def _search(choices: Sequence[Sequence[Box]]) -> list[Box] | None:
    """Take the cheapest place for each in turn, and go back where one finds none."""
    tried = [-1]
    found: list[Box] = []
    for _ in range(MOST_STEPS):
        if len(found) == len(choices):
            return found
        at = len(found)
        ahead = range(tried[at] + 1, len(choices[at]))
        free = next((k for k in ahead if not any(choices[at][k].meets(b) for b in found)), None)
        if free is None:
            if at == 0:
                return None
            tried.pop()
            found.pop()
        else:
            tried[at] = free
            tried.append(-1)
            found.append(choices[at][free])
    return None
