"""One command over many functions: which, on what inputs, in which order, on what budget."""
