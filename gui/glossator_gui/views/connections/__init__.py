"""What a node is linked with."""
