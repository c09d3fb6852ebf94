"""Beside the user's own tests: what stands in for a function while a variant is tried by them.

The tests and their asserts run in the workshop, the variant runs in a candidate's jail, and a call
goes from the one to the other as bytes, by way of the engine. So no variant ever meets pytest, the
user's assertions or the report of them. Nothing here is imported by the engine but the `messages`.
"""
