"""Windows, embeddings, correlation scores, and the tier they lead to."""
