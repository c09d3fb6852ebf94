"""Operators that ask a language model: what they say to it, and what they make of its answer."""
