"""The grouped subgraph: supernodes, pinned nodes, the summed links between them."""
