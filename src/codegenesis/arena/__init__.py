"""Where many versions of one function are tried fast: the part that runs in the workshop.

A candidate's own jail costs 3 ms and trusts nothing; a search that has to look at a hundred
thousand versions cannot pay that for each. Here hundreds share a forked process inside a jail, next
to the cases they are measured by. What comes out steers a search (`messages`) and nothing more.
"""
