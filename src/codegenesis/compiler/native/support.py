"""The run-time support that every Cython build carries: checked numbers, and arrays for lists.

Written for builds whose effects are private until the end, so whatever cannot be done exactly
raises `Outside` and the Python body runs from the start. What differs between C and Python is
decided here, once: rounding of large integers, signs of zero, powers, shifts, negative indices,
the order in which `min` looks. Arithmetic follows CPython's `floatobject.c` and `longobject.c`.
"""

from __future__ import annotations

HEAD = """\
# cython: language_level=3, boundscheck=True, wraparound=True, cdivision=False, overflowcheck=True
# cython: nonecheck=True, initializedcheck=True, embedsignature=False, infer_types=False
# cython: binding=False, auto_pickle=False, always_allow_keywords=True
cimport cython
from libc.math cimport fmod, floor, pow as c_pow, isfinite, copysign, fabs
from libc.math cimport sqrt as c_sqrt, sin as c_sin, cos as c_cos, tan as c_tan
from libc.math cimport atan as c_atan, atan2 as c_atan2, exp as c_exp, log as c_log
from libc.math cimport asin as c_asin, acos as c_acos, log10 as c_log10, log2 as c_log2
from libc.math cimport ceil as c_ceil, trunc as c_trunc
from libc.string cimport memcpy, memmove
from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_AS_STRING
from cpython.object cimport PyObject
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.list cimport PyList_GET_SIZE, PyList_GET_ITEM
from cpython.tuple cimport PyTuple_GET_SIZE, PyTuple_GET_ITEM
from array import array as array_
from codegenesis.native.outside import Outside

ctypedef long long ll
cdef struct num:
    double v
    bint i
cdef ll depth_ = 0
# Set where a refusal cannot be raised at once; looked at in every unbounded loop and at the end.
cdef bint bad_ = False
cdef inline int check_bad() except -1:
    if bad_:
        raise Outside()
    return 0

cdef ll out_l() except? -4611686018427388977:
    raise Outside()
cdef double out_d() except? -1.2345678901234567e-301:
    raise Outside()
cdef bint out_b() except -1:
    raise Outside()
cdef num out_n() except *:
    raise Outside()
cdef object out_o():
    raise Outside()

# --- into C and back, exactly ---
cdef inline ll o2l(object o) except? -4611686018427388977:
    cdef int wide = 0
    cdef ll r
    if type(o) is not int:
        raise Outside()
    r = PyLong_AsLongLongAndOverflow(o, &wide)
    if wide:
        raise Outside()
    return r
cdef inline double o2d(object o) except? -1.2345678901234567e-301:
    if type(o) is not float:
        raise Outside()
    return PyFloat_AS_DOUBLE(o)
cdef inline bint o2b(object o) except -1:
    if o is True:
        return True
    if o is False:
        return False
    raise Outside()
cdef inline num o2n(object o) except *:
    if type(o) is float:
        return num_d(PyFloat_AS_DOUBLE(o))
    return num_l(o2l(o))
cdef inline object l2o(ll x):
    return x
cdef inline object d2o(double x):
    return x
cdef inline object b2o(bint x):
    return True if x else False
cdef inline object n2o(num x):
    if x.i:
        return <ll>x.v
    return x.v
cdef inline double l2d(ll x) except? -1.2345678901234567e-301:
    if x > 9007199254740992LL or x < -9007199254740992LL:
        raise Outside()
    return <double>x
cdef inline num num_d(double x) noexcept:
    cdef num r
    r.v = x
    r.i = False
    return r
cdef inline num num_l(ll x) noexcept:
    global bad_
    cdef num r
    if x > 9007199254740992LL or x < -9007199254740992LL:
        bad_ = True
    r.v = <double>x
    r.i = True
    return r
cdef inline num num_small(ll x) noexcept:
    cdef num r
    r.v = <double>x
    r.i = True
    return r
cdef inline double n2d(num x) except? -1.2345678901234567e-301:
    if x.i:
        raise Outside()
    return x.v
cdef inline ll n2l(num x) except? -4611686018427388977:
    if not x.i:
        raise Outside()
    return <ll>x.v
cdef inline num n_checked(double v, bint i) noexcept:
    global bad_
    cdef num r
    if i and (v > 9007199254740992.0 or v < -9007199254740992.0):
        bad_ = True
    r.v = v
    r.i = i
    return r
cdef inline num n_add(num a, num b) noexcept:
    return n_checked(a.v + b.v, a.i and b.i)
cdef inline num n_sub(num a, num b) noexcept:
    return n_checked(a.v - b.v, a.i and b.i)
cdef inline num n_mul(num a, num b) noexcept:
    if a.i and b.i and (a.v == 0.0 or b.v == 0.0):
        return num_small(0)
    return n_checked(a.v * b.v, a.i and b.i)
cdef inline num n_neg(num a) noexcept:
    cdef num r = a
    r.v = 0.0 - a.v if a.i else -a.v
    return r
cdef inline num n_min(num a, num b) noexcept:
    return b if b.v < a.v else a
cdef inline num n_max(num a, num b) noexcept:
    return b if b.v > a.v else a
cdef inline num n_abs(num a) noexcept:
    cdef num r = a
    r.v = fabs(a.v)
    return r

# --- arithmetic ---
cdef inline ll l_neg(ll a) except? -4611686018427388977:
    return 0 - a
cdef inline ll l_abs(ll a) except? -4611686018427388977:
    return 0 - a if a < 0 else a
cdef inline double l_div(ll a, ll b) except? -1.2345678901234567e-301:
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return l2d(a) / l2d(b)
cdef inline double d_div(double a, double b) except? -1.2345678901234567e-301:
    if b == 0.0:
        raise ZeroDivisionError("float division by zero")
    return a / b
@cython.cdivision(True)
@cython.overflowcheck(False)
cdef inline ll l_floordiv(ll a, ll b) except? -4611686018427388977:
    cdef ll q
    if b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    if b == -1:
        return l_neg(a)
    q = a / b
    if (a % b != 0) and ((a < 0) != (b < 0)):
        q -= 1
    return q
@cython.cdivision(True)
@cython.overflowcheck(False)
cdef inline ll l_mod(ll a, ll b) except? -4611686018427388977:
    cdef ll r
    if b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    if b == -1:
        return 0
    r = a % b
    if r != 0 and ((r < 0) != (b < 0)):
        r += b
    return r
cdef inline double d_mod(double a, double b) except? -1.2345678901234567e-301:
    cdef double r
    if b == 0.0:
        raise ZeroDivisionError("float modulo")
    r = fmod(a, b)
    if r != 0.0:
        if (b < 0) != (r < 0):
            r += b
    else:
        r = copysign(0.0, b)
    return r
cdef inline double d_floordiv(double a, double b) except? -1.2345678901234567e-301:
    cdef double m, d, f
    if b == 0.0:
        raise ZeroDivisionError("float floor division by zero")
    m = fmod(a, b)
    d = (a - m) / b
    if m != 0.0:
        if (b < 0) != (m < 0):
            d -= 1.0
    if d != 0.0:
        f = floor(d)
        if d - f > 0.5:
            f += 1.0
    else:
        f = copysign(0.0, a / b)
    return f
cdef inline double d_pow(double a, double b) except? -1.2345678901234567e-301:
    cdef double r
    if not (isfinite(a) and isfinite(b)):
        raise Outside()
    if a < 0.0 and b != floor(b) or a == 0.0 and b < 0.0:
        raise Outside()
    r = c_pow(a, b)
    if not isfinite(r):
        raise Outside()
    return r
cdef inline ll l_pow(ll a, ll b) except? -4611686018427388977:
    cdef ll r = 1
    if b < 0:
        raise Outside()
    while b:
        if b & 1:
            r = r * a
        b = b >> 1
        if b:
            a = a * a
    return r
cdef num n_pow(num a, ll b) except *:
    if a.i:
        return num_l(l_pow(<ll>a.v, b))
    return num_d(d_pow(a.v, l2d(b)))
@cython.overflowcheck(False)
cdef inline ll l_shl(ll a, ll b) except? -4611686018427388977:
    cdef ll r
    if b < 0 or b > 62:
        raise Outside()
    r = a << b
    if r >> b != a:
        raise Outside()
    return r
cdef inline ll l_shr(ll a, ll b) except? -4611686018427388977:
    if b < 0:
        raise Outside()
    return a >> (63 if b > 63 else b)
cdef inline ll l_min(ll a, ll b) noexcept:
    return b if b < a else a
cdef inline ll l_max(ll a, ll b) noexcept:
    return b if b > a else a
cdef inline double d_min(double a, double b) noexcept:
    return b if b < a else a
cdef inline double d_max(double a, double b) noexcept:
    return b if b > a else a
cdef inline ll d2l(double a) except? -4611686018427388977:
    if not (-4e18 < a < 4e18):
        raise Outside()
    return <ll>a
cdef inline double d_in(double a) except? -1.2345678901234567e-301:
    if not isfinite(a):
        raise Outside()
    return a
cdef inline double d_pos(double a) except? -1.2345678901234567e-301:
    if not (a > 0.0 and isfinite(a)):
        raise Outside()
    return a
cdef inline double d_unit(double a) except? -1.2345678901234567e-301:
    if not (-1.0 <= a <= 1.0):
        raise Outside()
    return a
cdef inline double d_sqrt(double a) except? -1.2345678901234567e-301:
    if not (a >= 0.0 and isfinite(a)):
        raise Outside()
    return c_sqrt(a)
cdef double as_double(object o) except? -1.2345678901234567e-301:
    return PyFloat_AS_DOUBLE(o) if type(o) is float else l2d(o2l(o))
cdef inline ll w32(ll a, ll low, ll high) except? -4611686018427388977:
    if a < low or a > high:
        raise Outside()
    return a
cdef inline int deeper() except -1:
    global depth_
    depth_ += 1
    if depth_ > 250:
        raise Outside()
    return 0

@cython.overflowcheck(False)
@cython.cdivision(True)
cdef inline ll span(ll n, ll *a, ll b, ll step, int has) noexcept:
    # As PySlice_AdjustIndices: the count, and the start in *a; has: 1 start, 2 stop.
    cdef ll start = a[0]
    if has & 1:
        if start < 0:
            start += n
            if start < 0:
                start = -1 if step < 0 else 0
        elif start >= n:
            start = n - 1 if step < 0 else n
    else:
        start = n - 1 if step < 0 else 0
    if has & 2:
        if b < 0:
            b += n
            if b < 0:
                b = -1 if step < 0 else 0
        elif b >= n:
            b = n - 1 if step < 0 else n
    else:
        b = -1 if step < 0 else n
    a[0] = start
    if step < 0:
        return (start - b - 1) / (0 - step) + 1 if b < start else 0
    return (b - start - 1) / step + 1 if start < b else 0

# --- containers that stay Python's ---
@cython.overflowcheck(False)
cdef inline object list_get(list v, ll i):
    if v is None:
        raise Outside()
    if i < 0:
        i += PyList_GET_SIZE(v)
    return v[i]
cdef inline int list_set(list v, ll i, object x) except -1:
    if v is None:
        raise Outside()
    v[i] = x
    return 0
cdef inline object list_at(list v, ll i):  # where i was looked at already
    return <object>PyList_GET_ITEM(v, i)
cdef inline object tuple_at(tuple v, ll i):
    return <object>PyTuple_GET_ITEM(v, i)
cdef inline object tuple_get(tuple v, ll i):
    if v is None:
        raise Outside()
    return v[i]
cdef inline ll list_len(list v) except -1:
    if v is None:
        raise Outside()
    return PyList_GET_SIZE(v)
cdef tuple items_of(object o, ll n):
    if type(o) is not tuple and type(o) is not list:
        raise Outside()
    if len(o) != n:
        raise Outside()
    return tuple(o)
cdef inline tuple tuple_of(object o, ll n):
    if type(o) is not tuple or PyTuple_GET_SIZE(o) != n:
        raise Outside()
    return <tuple>o
cdef inline list as_list(object o):
    if o is not None and type(o) is not list:
        raise Outside()
    return <list>o
cdef inline tuple as_tuple(object o):
    if o is not None and type(o) is not tuple:
        raise Outside()
    return <tuple>o
cdef inline object as_kind(object o, object kind):
    if o is not None and type(o) is not kind:
        raise Outside()
    return o
cdef object plain(object o, int depth):
    # What may be shared with the caller, because nobody can change it.
    kind = type(o)
    if kind in (int, float, bool, str, bytes, range, complex) or o is None:
        return o
    if kind is tuple or kind is frozenset:
        if depth > 20:
            raise Outside()
        for each in o:
            plain(each, depth + 1)
        return o
    raise Outside()
"""

_ARRAY = """
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
"""

_ORDERED = """
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
"""

_SUMS = """
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
"""


def support() -> str:
    """All of it, as Cython source."""
    parts = [HEAD]
    kinds = (
        ("l", "ll", "? -4611686018427388977", True),
        ("d", "double", "? -1.2345678901234567e-301", True),
        ("n", "num", " *", False),
    )
    for letter, held, fail, ordered in kinds:
        text = _ARRAY + (_ORDERED if ordered else "")
        text = text.replace("except FAIL", f"except{fail}").replace("VX", f"V{letter}")
        text = text.replace("X2o", f"{letter}2o").replace("o2X", f"o2{letter}")
        parts.append(text.replace("CT", held))
    return "".join([*parts, _SUMS])


#: For programs that use the module-level generator of `random`; `randrange` as the library's own
#: `_randbelow_with_getrandbits`, which is Python.
RANDOM = """\
import random as random_
cdef object random_random = None
cdef object random_bits = None
cdef ll random_below(ll n) except? -4611686018427387977:
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
"""
