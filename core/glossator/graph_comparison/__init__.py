"""Two graphs, or two states of one, held against each other. Values in, values out."""
