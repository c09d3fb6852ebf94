"""A user's asyncio program with weak functions of every kind; it ends with its standard input."""

import asyncio
import functools
import random
import sys


class Ledger:
    @staticmethod
    def largest(rows):
        best = []
        for row in rows:
            if row not in best:
                best.append(row)
        return best


@functools.lru_cache(maxsize=4)
def words(text):
    met = []
    again = []
    for word in text.split():
        if word in met:
            again.append(word)
        else:
            met.append(word)
    return again


def once(entries):
    met = []
    for entry in entries:
        if entry not in met:
            met.append(entry)
            yield entry


async def doublets(entries):
    met = []
    found = []
    await asyncio.sleep(0)
    for entry in entries:
        if entry in met:
            found.append(entry)
        else:
            met.append(entry)
    return found


async def trickle(entries):
    met = []
    for entry in entries:
        if entry not in met:
            met.append(entry)
            yield entry


def greeter(greeting):
    def greet(names):
        met = []
        said = []
        for name in names:
            if name not in met:
                met.append(name)
                said.append(greeting + name)
        return said

    return greet


async def serve(chance, greet):
    entries = [chance.randrange(300) for _ in range(250)]
    names = list(map(str, entries))
    wanted = list(dict.fromkeys(entries))
    assert len(await doublets(entries)) == len(entries) - len(wanted)
    assert len(words(" ".join(names))) == len(entries) - len(wanted)
    assert list(once(entries)) == Ledger.largest(entries) == wanted
    assert [entry async for entry in trickle(entries)] == wanted
    assert greet(names) == [greet.prefix + str(entry) for entry in wanted]


async def main():
    chance = random.Random(7)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    greetings = []
    for prefix in ("hello ", "dear "):
        greetings.append(greeter(prefix))
        greetings[-1].prefix = prefix
    while not ended.done():
        await asyncio.gather(*(serve(chance, greet) for greet in greetings))
        await asyncio.sleep(0.01)
    print("served", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
