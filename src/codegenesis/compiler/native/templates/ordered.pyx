
cdef bint VX_has(VX v, CT x) except -1:
    cdef Py_ssize_t i
    if v is None:
        raise Outside()
    for i in range(v.n):
        if v.p[i] == x:
            return True
    return False
cdef ll VX_index(VX v, CT x) except -1:
    cdef Py_ssize_t i
    if v is None:
        raise Outside()
    for i in range(v.n):
        if v.p[i] == x:
            return i
    raise ValueError("not in list")
cdef int VX_remove(VX v, CT x) except -1:
    VX_pop(v, VX_index(v, x))
    return 0
cdef ll VX_count(VX v, CT x) except -1:
    cdef Py_ssize_t i
    cdef ll n = 0
    for i in range(v.n):
        if v.p[i] == x:
            n += 1
    return n
cdef CT VX_least(VX v) except FAIL:
    cdef Py_ssize_t i
    cdef CT r
    if v is None or v.n == 0:
        raise Outside()
    r = v.p[0]
    for i in range(v.n):
        if v.p[i] < r:
            r = v.p[i]
    return r
cdef CT VX_most(VX v) except FAIL:
    cdef Py_ssize_t i
    cdef CT r
    if v is None or v.n == 0:
        raise Outside()
    r = v.p[0]
    for i in range(v.n):
        if v.p[i] > r:
            r = v.p[i]
    return r
cdef bint VX_equal(VX a, VX b) except -1:
    cdef Py_ssize_t i
    if a is None or b is None:
        raise Outside()
    if a.n != b.n:
        return False
    for i in range(a.n):
        if a.p[i] != b.p[i]:
            return False
    return True
