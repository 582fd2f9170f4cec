"""How far relevance and accuracy can be trusted."""
