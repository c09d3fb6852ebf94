"""Classes of defect, each by an example: what was meant is among the edits of what was written."""

from __future__ import annotations

from textwrap import dedent

import pytest

from codegenesis.core.genetic import Ingredients, applied, edits, identity, ingredients

#: Name of the class, the defect, what was meant. The function is `f` unless the class needs more.
DEFECTS: dict[str, tuple[str, str]] = {
    "boundary of a comparison": (
        "def f(xs, k):\n    return [x for x in xs if x < k]",
        "def f(xs, k):\n    return [x for x in xs if x <= k]",
    ),
    "direction of a comparison": (
        "def f(a, b):\n    if a < b:\n        return a\n    return b",
        "def f(a, b):\n    if a > b:\n        return a\n    return b",
    ),
    "identity for equality": (
        "def f(a, b):\n    return a is b",
        "def f(a, b):\n    return a == b",
    ),
    "membership turned round": (
        "def f(a, b):\n    return a in b",
        "def f(a, b):\n    return a not in b",
    ),
    "operator and constant at once": (
        "def f(xs):\n    if len(xs) == 0:\n        return xs\n    return f(xs[1:]) + xs[:1]",
        "def f(xs):\n    if len(xs) <= 1:\n        return xs\n    return f(xs[1:]) + xs[:1]",
    ),
    "arithmetic": ("def f(a, b):\n    return a + b", "def f(a, b):\n    return a - b"),
    "integer division": ("def f(n):\n    return n / 2", "def f(n):\n    return n // 2"),
    "bits": (
        "def f(n):\n    while n:\n        n ^= n - 1\n    return n",
        "def f(n):\n    while n:\n        n &= n - 1\n    return n",
    ),
    "update for assignment": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        t = x\n    return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "grouping": ("def f(a, b):\n    return a + b // 2", "def f(a, b):\n    return (a + b) // 2"),
    "grouping of conditions": (
        "def f(a, b, c):\n    return a and b or c",
        "def f(a, b, c):\n    return a and (b or c)",
    ),
    "and for or": ("def f(a, b):\n    return a and b", "def f(a, b):\n    return a or b"),
    "conjunct too many": (
        "def f(a, b, c):\n    return a and b and c",
        "def f(a, b, c):\n    return a and c",
    ),
    "wrong variable": ("def f(a, b):\n    return a - a", "def f(a, b):\n    return a - b"),
    "a call where a variable was meant": (
        "def f(xs, k):\n    return max(xs) + len(xs)",
        "def f(xs, k):\n    return max(xs) + k",
    ),
    "constant one off": ("def f(a):\n    return a[1]", "def f(a):\n    return a[0]"),
    "wrong truth": ("def f(a):\n    return True", "def f(a):\n    return False"),
    "start value": (
        "def f(xs):\n    t = 1\n    for x in xs:\n        t += x\n    return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "operands swapped": ("def f(a, b):\n    return a - b", "def f(a, b):\n    return b - a"),
    "arguments swapped": (
        "def f(a, b):\n    return pow(a, b)",
        "def f(a, b):\n    return pow(b, a)",
    ),
    "index parts swapped": (
        "def f(d, i, j):\n    return d[i, j]",
        "def f(d, i, j):\n    return d[j, i]",
    ),
    "a call too many": ("def f(a):\n    return abs(a)", "def f(a):\n    return a"),
    "an operand too many": ("def f(a, b):\n    return 1 + g(a)", "def f(a, b):\n    return g(a)"),
    "missing len": (
        "def f(xs):\n    for i in range(xs):\n        print(xs[i])",
        "def f(xs):\n    for i in range(len(xs)):\n        print(xs[i])",
    ),
    "missing conversion": (
        "def f(n):\n    return 'no. ' + n",
        "def f(n):\n    return 'no. ' + str(n)",
    ),
    "one too many": ("def f(n):\n    return range(n)", "def f(n):\n    return range(n - 1)"),
    "one too few": ("def f(n):\n    return range(n)", "def f(n):\n    return range(n + 1)"),
    "missing summand": (
        "def f(a, k, low):\n    return a.pick(k)",
        "def f(a, k, low):\n    return a.pick(k - low)",
    ),
    "missing square": ("def f(a, b):\n    return a - b", "def f(a, b):\n    return a - b ** 2"),
    "power for product": ("def f(a):\n    return a * 2", "def f(a):\n    return a ** 2"),
    "range from one": (
        "def f(n):\n    return list(range(n))",
        "def f(n):\n    return list(range(1, n + 1))",
    ),
    "range backwards": (
        "def f(n):\n    return list(range(n))",
        "def f(n):\n    return list(range(n - 1, -1, -1))",
    ),
    "slice from the second": (
        "def f(xs):\n    return sum(xs)",
        "def f(xs):\n    return sum(xs[1:])",
    ),
    "slice by a variable": (
        "def f(xs, k):\n    for x in xs:\n        yield x + k",
        "def f(xs, k):\n    for x in xs[k:]:\n        yield x + k",
    ),
    "slice bound too many": ("def f(s, k):\n    return s[1:k]", "def f(s, k):\n    return s[:k]"),
    "missing index": (
        "def f(xs):\n    for i in range(len(xs)):\n        yield xs",
        "def f(xs):\n    for i in range(len(xs)):\n        yield xs[i]",
    ),
    "index for element": (
        "def f(xs):\n    for i in xs:\n        yield xs[i]",
        "def f(xs):\n    for i in range(len(xs)):\n        yield xs[i]",
    ),
    "condition turned round": (
        "def f(a):\n    if a.ready:\n        return 1\n    return 2",
        "def f(a):\n    if not a.ready:\n        return 1\n    return 2",
    ),
    "missing guard against None": (
        "def f(node):\n    return node.next is None",
        "def f(node):\n    if node is None:\n        return None\n    return node.next is None",
    ),
    "missing alternative": (
        "def f(n, xs):\n    if n < 0:\n        return 0\n    return f(n - xs[0], xs)",
        "def f(n, xs):\n    if n < 0 or not xs:\n        return 0\n    return f(n - xs[0], xs)",
    ),
    "guard before what can fail": (
        "def f(node):\n    if node.next is None:\n        return False\n    return True",
        "def f(node):\n    if node is None or node.next is None:\n"
        "        return False\n    return True",
    ),
    "endless loop": (
        "def f(xs):\n    while True:\n        xs.pop()\n    return 0",
        "def f(xs):\n    while xs:\n        xs.pop()\n    return 0",
    ),
    "missing filter": (
        "def f(xs, n):\n    return [x for x in xs]",
        "def f(xs, n):\n    return [x for x in xs if x != n]",
    ),
    "if for while": (
        "def f(n):\n    if n > 9:\n        n = n // 10\n    return n",
        "def f(n):\n    while n > 9:\n        n = n // 10\n    return n",
    ),
    "if for elif": (
        "def f(n):\n    if n > 9:\n        n = 1\n    if n > 0:\n        n = 2\n    return n",
        "def f(n):\n    if n > 9:\n        n = 1\n    elif n > 0:\n        n = 2\n    return n",
    ),
    "elif for if": (
        "def f(n):\n    if n > 9:\n        n = 1\n    elif n > 0:\n        n = 2\n    return n",
        "def f(n):\n    if n > 9:\n        n = 1\n    if n > 0:\n        n = 2\n    return n",
    ),
    "a condition returned": (
        "def f(s):\n    depth = 0\n    for c in s:\n        depth += 1\n    return True",
        "def f(s):\n    depth = 0\n    for c in s:\n        depth += 1\n    return depth == 0",
    ),
    "wrong function": ("def f(xs):\n    return min(xs)", "def f(xs):\n    return max(xs)"),
    "any for all": ("def f(xs):\n    return any(xs)", "def f(xs):\n    return all(xs)"),
    "wrong method": (
        "def f(xs, x):\n    xs.append(x)\n    return xs",
        "def f(xs, x):\n    xs.extend(x)\n    return xs",
    ),
    "wrong field": (
        "def f(a):\n    return a.left + a.left.right",
        "def f(a):\n    return a.right + a.left.right",
    ),
    "argument of a recursive call": (
        "def f(a, b):\n    if not a:\n        return b\n    return f(a, b)",
        "def f(a, b):\n    if not a:\n        return b\n    return f(a[1:], b)",
    ),
    "argument too many": ("def f(a, b):\n    return g(a, b)", "def f(a, b):\n    return g(a)"),
    "keyword too many": (
        "def f(xs):\n    return sorted(xs, reverse=True)",
        "def f(xs):\n    return sorted(xs)",
    ),
    "argument too few": ("def f(a, b):\n    return g(a)", "def f(a, b):\n    return g(a, b)"),
    "order of sorting": (
        "def f(xs):\n    return sorted(xs)",
        "def f(xs):\n    return sorted(xs, reverse=True)",
    ),
    "key of sorting": (
        "def f(xs):\n    xs.sort()\n    return xs",
        "def f(xs):\n    xs.sort(key=lambda e: e[1])\n    return xs",
    ),
    "wrong container": (
        "def f(xs):\n    seen = []\n    for x in xs:\n        seen |= x\n    return seen",
        "def f(xs):\n    seen = set()\n    for x in xs:\n        seen |= x\n    return seen",
    ),
    "missing element": ("def f(n):\n    return []", "def f(n):\n    return [n]"),
    "list in a list": ("def f(n):\n    return []", "def f(n):\n    return [[]]"),
    "element too many": ("def f(a, b):\n    return [a, b]", "def f(a, b):\n    return [a]"),
    "statement too many": (
        "def f(a):\n    a += 1\n    a += 2\n    return a",
        "def f(a):\n    a += 2\n    return a",
    ),
    "statements in the wrong order": (
        "def f(a):\n    a = 2 * a\n    a = a + 1\n    return a",
        "def f(a):\n    a = a + 1\n    a = 2 * a\n    return a",
    ),
    "return inside the loop": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n        return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "return deep inside loops": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        for y in x:\n            t += y\n"
        "            return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        for y in x:\n            t += y\n"
        "    return t",
    ),
    "update outside of the loop": (
        "def f(xs):\n    i = 0\n    while i < 9:\n        xs += [i]\n    i += 1\n    return xs",
        "def f(xs):\n    i = 0\n    while i < 9:\n        xs += [i]\n        i += 1\n    return xs",
    ),
    "update inside the branch": (
        "def f(xs):\n    i = 0\n    for x in xs:\n        if x:\n            print(x)\n"
        "            i += 1\n    return i",
        "def f(xs):\n    i = 0\n    for x in xs:\n        if x:\n            print(x)\n"
        "        i += 1\n    return i",
    ),
    "start value inside the loop": (
        "def f(xs):\n    for x in xs:\n        t = 0\n        t += x\n    return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "start value outside of the loop": (
        "def f(xs):\n    t = []\n    for x in xs:\n        t.append(x)\n        yield t",
        "def f(xs):\n    for x in xs:\n        t = []\n        t.append(x)\n        yield t",
    ),
    "answer in the else of a loop's test": (
        "def f(xs, a):\n    for x in xs:\n        if x == a:\n            return True\n"
        "        else:\n            return False",
        "def f(xs, a):\n    for x in xs:\n        if x == a:\n            return True\n"
        "    return False",
    ),
    "missing else around the rest": (
        "def f(a):\n    if a:\n        a = 1\n    a = 2\n    return a",
        "def f(a):\n    if a:\n        a = 1\n    else:\n        a = 2\n    return a",
    ),
    "branch too many": (
        "def f(a):\n    if a:\n        a = 1\n    elif a > 1:\n        a = 2\n    else:\n"
        "        a = 3\n    return a",
        "def f(a):\n    if a:\n        a = 1\n    else:\n        a = 3\n    return a",
    ),
    "condition too many": (
        "def f(a):\n    if a:\n        a += 1\n    return a",
        "def f(a):\n    a += 1\n    return a",
    ),
    "missing condition": (
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out",
        "def f(xs):\n    out = []\n    for x in xs:\n        if x not in out:\n"
        "            out.append(x)\n    return out",
    ),
    "missing statement": (
        "def f(xs):\n    out = []\n    cur = 0\n    for x in xs:\n        cur = x\n"
        "        out.append(cur)\n    return out",
        "def f(xs):\n    out = []\n    cur = 0\n    for x in xs:\n        cur = x\n"
        "        out.append(cur)\n    out.append(cur)\n    return out",
    ),
    "missing return": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "missing length at the end": (
        "def f(x, xs):\n    for i, e in enumerate(xs):\n        if x <= e:\n            return i",
        "def f(x, xs):\n    for i, e in enumerate(xs):\n        if x <= e:\n            return i\n"
        "    return len(xs)",
    ),
    "missing base case": (
        "def f(n):\n    return n * f(n - 1)",
        "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)",
    ),
    "missing break": (
        "def f(xs):\n    for x in xs:\n        if x:\n            print(x)\n    return 0",
        "def f(xs):\n    for x in xs:\n        if x:\n            print(x)\n            break\n"
        "    return 0",
    ),
    "missing step": (
        "def f(n):\n    i = 0\n    while i < n:\n        print(i)\n    return i",
        "def f(n):\n    i = 0\n    while i < n:\n        print(i)\n        i += 1\n    return i",
    ),
    "missing note of what was seen": (
        "def f(xs):\n    seen = set()\n    for x in xs:\n        if x in seen:\n"
        "            return x\n    return None",
        "def f(xs):\n    seen = set()\n    for x in xs:\n        if x in seen:\n"
        "            return x\n        seen.add(x)\n    return None",
    ),
    "missing link": (
        "def f(node):\n    last = None\n    while node:\n        after = node.next\n"
        "        node.next = last\n        node = after\n    return last",
        "def f(node):\n    last = None\n    while node:\n        after = node.next\n"
        "        node.next = last\n        last = node\n        node = after\n    return last",
    ),
    "missing else": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        if x:\n            t += 1\n    return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        if x:\n            t += 1\n"
        "        else:\n            t = 0\n    return t",
    ),
    "result of sort": (
        "def f(xs):\n    xs = xs.sort()\n    return xs",
        "def f(xs):\n    xs.sort()\n    return xs",
    ),
    "sort returned": ("def f(xs):\n    return xs.sort()", "def f(xs):\n    return sorted(xs)"),
    "result of a pure method ignored": (
        "def f(s):\n    s.replace('a', 'b')\n    return s",
        "def f(s):\n    s = s.replace('a', 'b')\n    return s",
    ),
    "result of a recursive call ignored": (
        "def f(n):\n    if n > 9:\n        f(n - 1)\n    return n",
        "def f(n):\n    if n > 9:\n        return f(n - 1)\n    return n",
    ),
    "update for a new value": (
        "def f(d, a, b):\n    d[a].update(d[b])\n    return d",
        "def f(d, a, b):\n    d[a] = d[b]\n    return d",
    ),
    "print for return": ("def f(a):\n    print(a)", "def f(a):\n    return a"),
    "yield of a generator": (
        "def f(x):\n    if x:\n        yield f(x[0])\n    else:\n        yield x",
        "def f(x):\n    if x:\n        yield from f(x[0])\n    else:\n        yield x",
    ),
    "list changed while it is walked": (
        "def f(xs):\n    for x in xs:\n        if x:\n            xs.remove(x)\n    return xs",
        "def f(xs):\n    for x in xs[:]:\n        if x:\n            xs.remove(x)\n    return xs",
    ),
    "two names for one list": (
        "def f(xs):\n    ys = xs\n    ys.append(1)\n    return xs, ys",
        "def f(xs):\n    ys = xs[:]\n    ys.append(1)\n    return xs, ys",
    ),
    "argument changed in place": (
        "def f(xs, ys):\n    xs += ys\n    return xs",
        "def f(xs, ys):\n    xs = xs + ys\n    return xs",
    ),
    "element added to a tuple": (
        "def f(t, x):\n    t = t + x\n    return t",
        "def f(t, x):\n    t = t + (x,)\n    return t",
    ),
    "largest so far": (
        "def f(xs):\n    best = 0\n    for x in xs:\n        best = x + 1\n    return best",
        "def f(xs):\n    best = 0\n    for x in xs:\n        best = max(best, x + 1)\n"
        "    return best",
    ),
    "never below zero": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        t = t + x\n    return t",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t = max(0, t + x)\n    return t",
    ),
    "missing value of a return": (
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return",
        "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t",
    ),
    "another expression of the function": (
        "def f(d, u, v):\n    d[u] = min(d[u] + 1, d[v])\n    return d",
        "def f(d, u, v):\n    d[v] = min(d[u] + 1, d[v])\n    return d",
    ),
    "index of an index": (
        "def f(xs, a):\n    return [x for x in xs if xs[0] == a]",
        "def f(xs, a):\n    return [x for x in xs if xs[0][0] == a]",
    ),
    "name that nothing defines": (
        "def f(xs):\n    top = xs[0]\n    for x in xs:\n        if element > top:\n"
        "            top = element\n    return top",
        "def f(xs):\n    top = xs[0]\n    for x in xs:\n        if x > top:\n"
        "            top = x\n    return top",
    ),
    "list that was never made": (
        "def f(xs):\n    for x in xs:\n        out.append(x)\n    return out",
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out",
    ),
    "constant wrong throughout": (
        "def f(xs, k):\n    while len(xs) < 5:\n        xs.append(5)\n    return xs",
        "def f(xs, k):\n    while len(xs) < k:\n        xs.append(k)\n    return xs",
    ),
    "parts exchanged for wholes": (
        "def f(xs, i):\n    xs[i][1], xs[i + 1][1] = xs[i + 1][1], xs[i][1]\n    return xs",
        "def f(xs, i):\n    xs[i], xs[i + 1] = xs[i + 1], xs[i]\n    return xs",
    ),
    "bracket too late": (
        "def f(xs):\n    return range(len(xs - 1))",
        "def f(xs):\n    return range(len(xs) - 1)",
    ),
    "value of a change": (
        "def f(xs):\n    out = []\n    out.append(xs.remove(max(xs)))\n    return out",
        "def f(xs):\n    out = []\n    out.append(max(xs))\n    xs.remove(max(xs))\n    return out",
    ),
    "change assigned": (
        "def f(xs, x):\n    xs += xs.append(x)\n    return xs",
        "def f(xs, x):\n    xs.append(x)\n    return xs",
    ),
    "order lost in a set": (
        "def f(xs):\n    return list(set(xs))",
        "def f(xs):\n    return list(dict.fromkeys(xs))",
    ),
    "method not called": (
        "def f(xs):\n    xs.sort\n    return xs",
        "def f(xs):\n    xs.sort()\n    return xs",
    ),
    "comparison for assignment": (
        "def f(a, b):\n    a == b\n    return a",
        "def f(a, b):\n    a = b\n    return a",
    ),
    "sum for update": (
        "def f(a, b):\n    a - b\n    return a",
        "def f(a, b):\n    a -= b\n    return a",
    ),
    "missing part on one side": (
        "def f(xs):\n    top = xs[0]\n    for x in xs:\n        if x[1] > top:\n"
        "            top = x\n    return top",
        "def f(xs):\n    top = xs[0]\n    for x in xs:\n        if x[1] > top[1]:\n"
        "            top = x\n    return top",
    ),
    "missing part on both sides": (
        "def f(a, b):\n    return a > b",
        "def f(a, b):\n    return a[1] > b[1]",
    ),
    "missing reversal": (
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out",
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    out.reverse()\n"
        "    return out",
    ),
    "length against a bound": (
        "def f(xs, k):\n    out = []\n    while xs:\n        out.append(xs.pop())\n"
        "    return out + [k + 1]",
        "def f(xs, k):\n    out = []\n    while len(out) < k:\n        out.append(xs.pop())\n"
        "    return out + [k + 1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_what_was_meant_is_one_edit_away(name: str) -> None:
    defect, meant = (f"{text}\n" for text in DEFECTS[name])
    assert reaches(defect, meant)


def test_a_field_without_self_is_found_in_its_class() -> None:
    module = dedent(
        """
        class Counter:
            def __init__(self):
                self.count = 0

            def more(self):
                self.count = count + 1
        """
    )
    method = "def more(self):\n    self.count = count + 1\n"
    meant = "def more(self):\n    self.count = self.count + 1\n"
    given = ingredients(method, module_source=module, qualname="Counter.more")
    assert reaches(method, meant, given=given)


def test_a_function_of_the_module_can_be_called() -> None:
    source = "def f(x):\n    return tax(x)\n"
    module = f"def tax(x):\n    return x\n\ndef vat(x):\n    return x / 5\n\n{source}"
    given = ingredients(source, module_source=module, qualname="f")
    assert any("`vat`" in edit.words for edit in edits(source, given=given))


def reaches(source: str, meant: str, *, given: Ingredients | None = None) -> bool:
    """Whether one edit gives that very text, or at least that program."""
    found = edits(source, given=given)
    if any(f"{source[: e.start]}{e.text}{source[e.end :]}" == meant for e in found):
        return True
    return identity(meant) in {identity(applied(source, [edit]) or "") for edit in found}
