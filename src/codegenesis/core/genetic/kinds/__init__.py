"""Classes of edit, one function each; `registry` lists them."""
