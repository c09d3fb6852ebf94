"""How what was found gets into a person's files: the working tree, or a branch, and back."""
