"""Games: index loops and flags, by someone who comes from C."""

from __future__ import annotations

from random import Random


def count_value(board, value):
    n = 0
    for i in range(len(board)):
        for j in range(len(board[i])):
            if board[i][j] == value:
                n += 1
    return n


def contains(hand, card):
    found = False
    for i in range(len(hand)):
        if hand[i] == card:
            found = True
    return found


def maximum(scores):
    best = scores[0]
    for i in range(len(scores)):
        if scores[i] > best:
            best = scores[i]
    return best


def reverse(cards):
    out = []
    for card in cards:
        out.insert(0, card)
    return out


def winners(scores, players):
    out = []
    for i in range(len(players)):
        if scores[i] == max(scores):
            out.append(players[i])
    return out


def bubble(cards):
    cards = list(cards)
    for i in range(len(cards)):
        for j in range(len(cards) - 1):
            if cards[j] > cards[j + 1]:
                cards[j], cards[j + 1] = cards[j + 1], cards[j]
    return cards


def is_prime(n):
    if n < 2:
        return False
    for d in range(2, n):
        if n % d == 0:
            return False
    return True


def legal_moves(moves, taken, forbidden):
    legal = []
    for move in moves:
        ok = True
        if move in taken:
            ok = False
        if move in forbidden:
            ok = False
        if ok == True:
            legal.append(move)
    return legal


def render(board):
    text = ""
    for row in board:
        for cell in row:
            if cell == 0:
                text = text + "."
            else:
                text = text + "#"
        text = text + "\n"
    return text


def same_tiles(left, right):
    for tile in left:
        if left.count(tile) != right.count(tile):
            return False
    return True


def top_three(scores):
    out = []
    rest = list(scores)
    for _ in range(min(3, len(rest))):
        best = max(rest)
        rest.remove(best)
        out.append(best)
    return out


def hanoi(n, a, b, c):
    if n == 0:
        return []
    return hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c)


def _board(chance: Random, size: int = 20) -> list[list[int]]:
    return [[chance.randrange(3) for _ in range(size)] for _ in range(size)]


def _cards(chance: Random, count: int) -> list[int]:
    return [chance.randrange(500) for _ in range(count)]


CALLS = {
    "count_value": lambda r: (_board(r), 1),
    "contains": lambda r: (_cards(r, 200), r.randrange(500)),
    "maximum": lambda r: (_cards(r, 300),),
    "reverse": lambda r: (_cards(r, 400),),
    "winners": lambda r: (_cards(r, 80), [f"p{n}" for n in range(80)]),
    "bubble": lambda r: (_cards(r, 40),),
    "is_prime": lambda r: (r.choice([997, 1999, 2400, 3571]),),
    "legal_moves": lambda r: (_cards(r, 150), _cards(r, 80), _cards(r, 80)),
    "render": lambda r: (_board(r),),
    "same_tiles": lambda r: ((cards := _cards(r, 80)), sorted(cards)),
    "top_three": lambda r: (_cards(r, 200),),
    "hanoi": lambda r: (r.randrange(3, 8), "a", "b", "c"),
}
