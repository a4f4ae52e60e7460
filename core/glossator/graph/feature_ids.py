"""How the graph files of the field number their features.

``reference``: circuit-tracer ``frontend/graph_models.py`` (Cantor pairing since schema
1), its 0.1 ancestor (decimal), transformer-circuits.pub (opaque global ids).
"""

import math


def cantor(layer: int, index: int) -> int:
    """Pair a layer and an in-layer index into one number."""
    return (layer + index) * (layer + index + 1) // 2 + index


def uncantor(code: int) -> tuple[int, int]:
    """Undo `cantor`: (layer, index). Exact beyond 2**53, unlike the viewers'."""
    diagonal = (math.isqrt(8 * code + 1) - 1) // 2
    index = code - diagonal * (diagonal + 1) // 2
    return diagonal - index, index
