"""What a sweep moves: ranges in exact decimals, lists of numbers or words, and words for what is neither."""

from __future__ import annotations

import pytest

from allocator.errors import InputError
from allocator.over import Over, read_overs

PLACE = "constraints.reservation[partner].share"


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ("0:0.6:0.2", ("0", "0.2", "0.4", "0.6")),
        ("0:0.3:0.1", ("0", "0.1", "0.2", "0.3")),
        ("0:1:0.3", ("0", "0.3", "0.6", "0.9", "1")),
        ("10:30:10", ("10", "20", "30")),
        ("0.5:0.5:0.1", ("0.5",)),
        ("0.1, 0.2", ("0.1", "0.2")),
        ("minimum_hard,set_aside", ("minimum_hard", "set_aside")),
        ("partner:P1,sector:62", ("partner:P1", "sector:62")),
        ('["a","b"],["c"]', ('["a","b"]', '["c"]')),
    ],
)
def test_values(values: str, texts: tuple[str, ...]) -> None:
    assert Over.of(f"{PLACE}={values}") == Over(PLACE, texts)


def test_a_label_may_hold_what_looks_like_a_value() -> None:
    assert Over.of("constraints.reservation[a=b, c.d].count=1,2") == Over("constraints.reservation[a=b, c.d].count", ("1", "2"))


def test_sixty_one_steps_of_a_hundredth_end_where_they_should() -> None:
    texts = Over.of(f"{PLACE}=0:0.6:0.01").texts
    assert len(texts) == 61
    assert texts[7] == "0.07"
    assert texts[-1] == "0.6"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PLACE}=0:0.6:0", "The step is 0"),
        (f"{PLACE}=0.6:0:0.1", "Write it forwards: 0:0.6:0.1"),
        (f"{PLACE}=0:0.6:-0.1", "runs backwards"),
        (f"{PLACE}=0:0.6", "A range is START:STOP:STEP"),
        (f"{PLACE}=0:0.6:x", "A range is START:STOP:STEP"),
        (f"{PLACE}=0.1,,0.2", "A value is missing"),
        (f"{PLACE}=", "A value is missing"),
        (PLACE, "does not say what to sweep"),
        (f"{PLACE}=0:1:0.0001", "10,001 values"),
    ],
)
def test_what_is_neither_is_told_with_its_mending(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Over.of(text)
    (fault,) = caught.value.faults
    assert fault.code == "bad_over"
    assert fault.file == "--over"
    assert said in f"{fault.message} {fault.fix}"


def test_everything_wrong_with_several_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_overs([f"{PLACE}=0:1:0", "nothing", "limits.gap=0,0.1"])
    assert [fault.code for fault in caught.value.faults] == ["bad_over"] * 3
    with pytest.raises(InputError, match="Both parameters are"):
        read_overs([f"{PLACE}=0,1", f"{PLACE}=0.5"])
    with pytest.raises(InputError, match="points"):
        read_overs([f"{PLACE}=0:1:0.01", "constraints.budget.available=0:100:1"])
