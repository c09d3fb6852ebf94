"""Beside the user's evaluator: what stands in for a program while it is scored.

The evaluator runs in the workshop, each program in a candidate's jail of its own, and calls go from
the one to the other as bytes, by way of the engine (decision 8 does the same for tests). What the
evaluator finds at `program_path` is a file of ours: it defines the program's names, and asks.

`program` runs in the program's jail, everything else in the evaluator's; the engine imports the
`messages` alone.
"""
