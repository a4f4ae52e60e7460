"""Evidence computed here: a model run over a corpus, for the features of a graph."""
