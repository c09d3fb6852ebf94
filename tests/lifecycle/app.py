"""A user's program that knows nothing of CodeGenesis: it works until its standard input ends."""

import random
import sys
import threading


def doublets(entries):
    found = []
    met = []
    for entry in entries:
        if entry in met:
            if entry not in found:
                found.append(entry)
        else:
            met.append(entry)
    return found


class Ledger:
    def __init__(self):
        self.sums = []

    def largest(self, rows):
        best = []
        for row in rows:
            if row not in best:
                best.append(row)
        return best


def steps(n):
    if n < 2:
        return 1
    return steps(n - 1) + steps(n - 2)


def main():
    chance = random.Random(7)
    done = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
    while not done.wait(0.005):
        entries = [chance.randrange(400) for _ in range(300)]
        repeated = doublets(entries)
        assert len(repeated) == len({e for e in entries if entries.count(e) > 1})
        assert sorted(Ledger().largest(entries)) == sorted(set(entries))
        assert steps(12) == 233
    print("served", flush=True)


if __name__ == "__main__":
    main()
