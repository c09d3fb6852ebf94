import random as random_
cdef object random_random = None
cdef object random_bits = None
cdef ll random_below(ll n) except? -4611686018427388977:
    cdef ll r, k = 0, m = n
    if n <= 0:
        raise Outside()
    while m:
        k += 1
        m >>= 1
    r = o2l(random_bits(k))
    while r >= n:
        r = o2l(random_bits(k))
    return r
