"""Which points lie inside a rubber band or a lasso; no Qt."""

import numpy as np

from glossator.graph.attribution_graph import BoolColumn, FloatColumn


def inside(corners: FloatColumn, x: FloatColumn, y: FloatColumn) -> BoolColumn:
    """Points inside a polygon: a ray from them crosses its edge an odd number of times.

    Parameters
    ----------
    corners : shape (n, 2); the last is joined with the first.
    """
    found = np.zeros(len(x), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (ay > y) != (by > y)
        if ay != by:
            found ^= crosses & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return found
