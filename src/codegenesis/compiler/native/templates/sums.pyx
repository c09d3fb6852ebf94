
cdef ll Vl_sum(Vl v) except? -4611686018427388977:
    cdef Py_ssize_t i
    cdef ll r = 0
    if v is None:
        raise Outside()
    for i in range(v.n):
        r += v.p[i]
    return r
cdef num Vd_sum(Vd v) except *:
    cdef Py_ssize_t i
    cdef double r = 0.0
    if v is None:
        raise Outside()
    if v.n == 0:
        return num_small(0)
    for i in range(v.n):
        r += v.p[i]
    return num_d(r)
cdef Vl Vl_within(Vl v, ll low, ll high):
    cdef Py_ssize_t i
    for i in range(v.n):
        if v.p[i] < low or v.p[i] > high:
            raise Outside()
    return Vl_slice(v, 0, 0, 1, 0)
cdef Vl Vl_range(ll a, ll b, ll step):
    cdef Vl v
    cdef ll i
    if step == 0:
        raise Outside()
    v = Vl_new(0)
    i = a
    while (i < b) if step > 0 else (i > b):
        Vl_append(v, i)
        i += step
    return v
