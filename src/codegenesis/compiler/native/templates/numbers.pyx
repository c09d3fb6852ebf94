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
