"""How long a program is waited for."""

from codegenesis.scenarios.discover.evaluating.patience import Patience


def test_until_something_is_known_a_program_has_all_the_time():
    assert Patience(300.0).limit_s("across") == 300.0


def test_a_program_may_take_many_times_as_long_as_the_slowest_and_never_more_than_the_limit():
    patience = Patience(300.0)
    patience.note("across", 2.0)
    patience.note("across", 1.0)
    assert patience.limit_s("across") == 40.0
    patience.note("across", 40.0)
    assert patience.limit_s("across") == 300.0


def test_quick_programs_leave_ten_seconds_to_others_and_each_way_has_its_own_pace():
    patience = Patience(300.0)
    patience.note("inside", 0.01)
    assert patience.limit_s("inside") == 10.0
    assert patience.limit_s("across") == 300.0
    assert Patience(2.0).limit_s("inside") == 2.0
