"""Programs from examples: the part that runs in the workshop, next to the user's own module.

Bodies of small pure functions are searched for by enumeration, by templates with holes and by
genetic programming, all evaluated in this process against the examples. What is found leaves as
text, and is judged from outside like any other version.

    problem        examples as columns, probes, constants
    bank, grammar  expressions, smallest first
    aims           what a bank is watched for: hits, halves that fit together, decision lists
    sources        comprehensions: one bank over the elements of all rows
    loops, recursion, genetic   what no expression reaches
    search         who gets how many turns; `writing` makes statements of what was found
"""
