"""Groups of nodes: made, proposed, and linked."""
