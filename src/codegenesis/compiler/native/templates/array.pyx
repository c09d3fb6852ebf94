
@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class VX:
    cdef CT *p
    cdef Py_ssize_t n
    cdef Py_ssize_t room
    cdef bytes held  # the items, where they are many
    cdef CT few[12]
    cdef int code  # of the array that this stands for; 0 for a list
@cython.overflowcheck(False)
cdef inline VX VX_new(Py_ssize_t room):
    cdef VX v = VX.__new__(VX)
    v.n = 0
    v.code = 0
    if room <= 12:
        v.p = v.few
        v.room = 12
        return v
    if room > 100000000:
        raise Outside()
    v.held = PyBytes_FromStringAndSize(NULL, room * <Py_ssize_t>sizeof(CT))
    v.p = <CT *>PyBytes_AS_STRING(v.held)
    v.room = room
    return v
cdef inline VX as_VX(object o):
    if o is not None and type(o) is not VX:
        raise Outside()
    return <VX>o
@cython.overflowcheck(False)
cdef inline Py_ssize_t VX_at(VX v, ll i) except -1:
    if v is None:
        raise Outside()
    if i < 0:
        i += v.n
    if i < 0 or i >= v.n:
        raise IndexError("list index out of range")
    return i
@cython.overflowcheck(False)
@cython.nonecheck(False)
cdef inline CT VX_get(VX v, ll i) except FAIL:
    if v is None:
        raise Outside()
    if i < 0:
        i += v.n
    if i < 0 or i >= v.n:
        raise IndexError("list index out of range")
    return v.p[i]
@cython.overflowcheck(False)
@cython.nonecheck(False)
cdef inline int VX_set(VX v, ll i, CT x) except -1:
    if v is None:
        raise Outside()
    if i < 0:
        i += v.n
    if i < 0 or i >= v.n:
        raise IndexError("list assignment index out of range")
    v.p[i] = x
    return 0
cdef inline ll VX_len(VX v) except -1:
    if v is None:
        raise Outside()
    return v.n
@cython.overflowcheck(False)
cdef int VX_grow(VX v, Py_ssize_t room) except -1:
    cdef bytes held
    if room > 100000000:
        raise Outside()
    if room > v.room:
        room = room + (room >> 1)
        held = PyBytes_FromStringAndSize(NULL, room * <Py_ssize_t>sizeof(CT))
        memcpy(PyBytes_AS_STRING(held), v.p, v.n * sizeof(CT))
        v.p = <CT *>PyBytes_AS_STRING(held)
        v.held = held
        v.room = room
    return 0
cdef inline int VX_append(VX v, CT x) except -1:
    if v is None:
        raise Outside()
    if v.n >= v.room:
        VX_grow(v, v.n + 1)
    v.p[v.n] = x
    v.n += 1
    return 0
cdef CT VX_pop(VX v, ll i) except FAIL:
    cdef Py_ssize_t at
    cdef CT x
    if v is None:
        raise Outside()
    if v.n == 0:
        raise IndexError("pop from empty list")
    at = VX_at(v, i)
    x = v.p[at]
    v.n -= 1
    memmove(v.p + at, v.p + at + 1, (v.n - at) * sizeof(CT))
    return x
cdef int VX_insert(VX v, ll i, CT x) except -1:
    if v is None:
        raise Outside()
    VX_grow(v, v.n + 1)
    if i < 0:
        i += v.n
        if i < 0:
            i = 0
    if i > v.n:
        i = v.n
    memmove(v.p + i + 1, v.p + i, (v.n - i) * sizeof(CT))
    v.p[i] = x
    v.n += 1
    return 0
cdef int VX_extend(VX v, VX other) except -1:
    cdef Py_ssize_t more
    if v is None or other is None:
        raise Outside()
    more = other.n
    VX_grow(v, v.n + more)
    memmove(v.p + v.n, other.p, more * sizeof(CT))
    v.n += more
    return 0
cdef VX VX_coded(VX v, int code):
    v.code = code
    return v
cdef object VX_real(VX v):
    if v.code:
        return array_(chr(v.code), VX_list(v))
    return VX_list(v)
cdef VX VX_repeat(VX v, ll times):
    cdef VX r
    cdef Py_ssize_t i, n
    if v is None:
        raise Outside()
    n = v.n
    if times < 0:
        times = 0
    if times > 100000000:
        raise Outside()
    r = VX_new(n * times)
    if n == 1:
        for i in range(times):
            r.p[i] = v.p[0]
    else:
        for i in range(times):
            memcpy(r.p + i * n, v.p, n * sizeof(CT))
    r.n = n * times
    r.code = v.code
    return r
cdef VX VX_concat(VX a, VX b):
    cdef VX r
    if a is None or b is None:
        raise Outside()
    r = VX_new(a.n + b.n)
    memcpy(r.p, a.p, a.n * sizeof(CT))
    memcpy(r.p + a.n, b.p, b.n * sizeof(CT))
    r.n = a.n + b.n
    return r
@cython.overflowcheck(False)
cdef inline int VX_pick(CT *into, VX v, ll a, ll count, ll step) noexcept:
    cdef ll i
    if step == 1:
        memcpy(into, v.p + a, count * sizeof(CT))
    else:
        for i in range(count):
            into[i] = v.p[a + i * step]
    return 0
cdef VX VX_slice(VX v, ll a, ll b, ll step, int has):
    cdef ll count
    if v is None or step == 0 or step > 1000000000 or step < -1000000000:
        raise Outside()
    count = span(v.n, &a, b, step, has)
    return VX_part(v, a, count, step)
cdef VX VX_part(VX v, ll a, ll count, ll step):
    cdef VX r = VX_new(count)
    VX_pick(r.p, v, a, count, step)
    r.n = count
    r.code = v.code
    return r
@cython.overflowcheck(False)
cdef int VX_put(VX v, ll a, ll b, int has, CT *items, ll more) except -1:
    # v[a:b] = items, which are not v's own
    cdef ll n = v.n
    if not has & 1:
        a = 0
    if not has & 2:
        b = n
    a = (a + n if a + n > 0 else 0) if a < 0 else (a if a < n else n)
    b = (b + n if b + n > 0 else 0) if b < 0 else (b if b < n else n)
    if b < a:
        b = a
    if more != b - a:
        VX_grow(v, n - (b - a) + more)
        memmove(v.p + a + more, v.p + b, (n - b) * sizeof(CT))
        v.n = n - (b - a) + more
    memcpy(v.p + a, items, more * sizeof(CT))
    return 0
cdef int VX_setslice(VX v, ll a, ll b, int has, VX x) except -1:
    if v is None or x is None:
        raise Outside()
    if x is v:
        x = VX_slice(v, 0, 0, 1, 0)
    return VX_put(v, a, b, has, x.p, x.n)
@cython.overflowcheck(False)
cdef inline int VX_turn(CT *p, ll count) noexcept:
    cdef ll i = 0, j = count - 1
    cdef CT x
    while i < j:
        x = p[i]
        p[i] = p[j]
        p[j] = x
        i += 1
        j -= 1
    return 0
cdef int VX_move(VX v, ll a, ll b, int has, VX x, ll c, ll d, ll step, int has2) except -1:
    # v[a:b] = x[c:d:step]
    cdef CT few[64]
    cdef ll count
    if v is None or x is None or step == 0 or step > 1000000000 or step < -1000000000:
        raise Outside()
    count = span(x.n, &c, d, step, has2)
    if x is v and step == -1 and has == 2 and b == count and c == count - 1:
        VX_turn(v.p, count)  # the beginning of a list, reversed in its place
        return 0
    if count > 64:
        return VX_setslice(v, a, b, has, VX_part(x, c, count, step))
    VX_pick(few, x, c, count, step)
    return VX_put(v, a, b, has, few, count)
cdef int VX_delete(VX v, ll i) except -1:
    VX_pop(v, VX_at(v, i))
    return 0
cdef int VX_clear(VX v) except -1:
    if v is None:
        raise Outside()
    v.n = 0
    return 0
cdef int VX_reverse(VX v) except -1:
    if v is None:
        raise Outside()
    VX_turn(v.p, v.n)
    return 0
cdef list VX_list(VX v):
    cdef Py_ssize_t i
    if v is None:
        raise Outside()
    return [X2o(v.p[i]) for i in range(v.n)]
cdef VX VX_from(object o):
    cdef VX v
    cdef object item
    if type(o) is VX:
        return VX_slice(<VX>o, 0, 0, 1, 0)
    if type(o) is not list and type(o) is not tuple:
        raise Outside()
    v = VX_new(len(o))
    for item in o:
        v.p[v.n] = o2X(item)
        v.n += 1
    return v
