"""Which answer belongs to what was sent: pure, no port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.backends.slcan.answers import Answers, Asked, Outcome
from canbus.codecs.lawicel import LawicelDecoder, Malformed, Reply

FRAME = b"t1230\r"


def command(word):
    return Asked(word)


def frame(due_ns=0):
    return Asked("", FRAME, due_ns)


def expecting(*asked):
    answers = Answers()
    for each in asked:
        answers.expect(each)
    return answers


def replies(*lines):
    """What an adapter says, one reply each."""
    events = LawicelDecoder().feed(b"".join(lines))
    assert all(isinstance(event, Reply | Malformed) for event in events)
    return events


def hear(answers, *lines):
    for reply in replies(*lines):
        if isinstance(reply, Malformed):
            answers.take_text(reply)
        else:
            answers.take(reply)


@pytest.mark.parametrize(
    ("word", "line", "answer"),
    [
        ("S6", b"\r", ""),
        ("S6", b"\x06", "\x06"),
        ("S6", b"#\r", "#"),
        ("O", b"\r", ""),
        ("V", b"V1013\r", "V1013"),
        ("V", b"hello world 1.2\r", "hello world 1.2"),
        ("V", b"+Board: X\tSlcan: 100\r", "+Board: X\tSlcan: 100"),
        ("v", b"v0108\r", "v0108"),
        ("N", b"NA123\r", "NA123"),
        ("F", b"F04\r", "F04"),
    ],
)
def test_a_command_is_answered(word, line, answer):
    asked = command(word)
    answers = expecting(asked)
    hear(answers, line)
    assert asked.outcome is Outcome.DONE
    assert asked.answer == answer
    assert len(answers) == 0
    assert answers.unasked == 0


@pytest.mark.parametrize("word", ["S6", "O", "V", "v", "N", "F", "C"])
@pytest.mark.parametrize("line", [b"\a", b"#7\r"])
def test_every_command_can_be_refused(word, line):
    asked = command(word)
    hear(expecting(asked), line)
    assert asked.outcome is Outcome.REFUSED
    assert asked.answer == line.strip(b"\r").decode()


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("V", b"\r"),
        ("N", b"\r"),
        ("F", b"\r"),
        ("S6", b"V1013\r"),
        ("S6", b"z\r"),
        ("V", b"NA123\r"),
        ("N", b"F00\r"),
    ],
)
def test_what_does_not_fit_answers_nothing(word, line):
    asked = command(word)
    answers = expecting(asked)
    hear(answers, line)
    assert asked.is_pending
    assert answers.unasked == 1


@pytest.mark.parametrize("line", [b"\r", b"z\r", b"Z\r", b"\x06", b"#\r"])
def test_a_frame_is_taken(line):
    asked = frame()
    answers = expecting(asked)
    assert answers.frames_waiting == 1
    hear(answers, line)
    assert asked.outcome is Outcome.DONE
    assert answers.frames_waiting == 0
    assert (answers.refused, answers.lost, answers.untold) == (0, 0, 0)


def test_a_refused_frame_is_told_once_in_order():
    first, second, third = frame(), frame(), frame()
    answers = expecting(first, second, third)
    hear(answers, b"\a", b"z\r", b"\a")
    assert [each.outcome for each in (first, second, third)] == [
        Outcome.REFUSED,
        Outcome.DONE,
        Outcome.REFUSED,
    ]
    assert answers.refused == answers.untold == 2
    assert answers.first_failure() is first
    assert answers.first_failure() is third
    assert answers.first_failure() is None
    assert answers.refused == 2


def test_who_waits_for_its_frame_is_not_told_otherwise():
    watched, left, plain = frame(), frame(), frame()
    watched.is_watched = left.is_watched = True
    answers = expecting(watched, left, plain)
    answers.unwatch(left)  # it has failed to wait long enough
    hear(answers, b"\a", b"\a", b"\a")
    assert answers.first_failure() is left
    assert answers.first_failure() is plain
    assert answers.first_failure() is None
    answers.unwatch(watched)
    assert answers.first_failure() is watched
    assert answers.refused == 3


def test_something_worse_was_told():
    answers = expecting(frame())
    hear(answers, b"\a")
    answers.all_are_told()
    assert (answers.untold, answers.refused) == (0, 1)


def test_an_answer_passes_over_those_that_it_does_not_fit():
    silent, passed_over, asked, later = command("S6"), frame(), command("V"), frame()
    answers = expecting(silent, passed_over, asked, later)
    hear(answers, b"V1013\r")
    assert silent.outcome is passed_over.outcome is Outcome.SILENT
    assert asked.outcome is Outcome.DONE
    assert later.is_pending
    assert answers.lost == answers.untold == 1
    assert answers.first_failure() is passed_over


def test_an_answer_to_nothing_passes_over_nobody():
    asked = frame()
    answers = expecting(asked)
    hear(answers, b"NA123\r")
    assert asked.is_pending
    assert answers.unasked == 1


def test_frames_expire_by_their_time_and_commands_do_not():
    question, early, late = command("V"), frame(10), frame(20)
    answers = expecting(question, early, late)
    assert answers.next_due_ns() == 10
    answers.expire(9)
    assert early.is_pending
    answers.expire(10)
    assert early.outcome is Outcome.SILENT
    assert answers.next_due_ns() == 20
    answers.expire(100)
    assert answers.next_due_ns() is None
    assert question.is_pending
    assert (answers.lost, answers.frames_waiting) == (2, 0)
    assert [answers.first_failure(), answers.first_failure()] == [early, late]


def test_what_was_not_sent_after_all_is_not_expected():
    asked = frame()
    answers = expecting(asked)
    answers.retract(asked)
    assert (len(answers), answers.frames_waiting, answers.untold) == (0, 0, 0)
    hear(answers, b"z\r")
    assert answers.unasked == 1


def test_after_the_end_nothing_is_answered_any_more():
    asked = [frame(), command("V"), frame()]
    answers = expecting(*asked)
    hear(answers, b"\a")
    answers.forget_all()
    assert asked[0].outcome is Outcome.REFUSED
    assert all(each.outcome is Outcome.SILENT for each in asked[1:])
    assert (len(answers), answers.frames_waiting) == (0, 0)
    assert (answers.refused, answers.lost) == (1, 1)
    assert [answers.first_failure() for _ in range(3)] == [asked[0], asked[2], None]


def test_giving_up_twice_counts_once():
    asked = frame()
    answers = expecting(asked)
    answers.give_up(asked)
    answers.give_up(asked)
    assert answers.lost == 1


@pytest.mark.parametrize("text", [b"\xff\x80\r", b"\x01\x02\r", b"   \r"])
def test_noise_is_no_version(text):
    asked = command("V")
    answers = expecting(asked)
    hear(answers, text)
    assert asked.is_pending


def test_text_is_no_version_of_whom_nobody_asked():
    (bad,) = replies(b"hello world\r")
    assert not expecting(command("N"), frame()).take_text(bad)


@given(st.lists(st.sampled_from(["taken", "refused", "late"]), max_size=40))
def test_every_frame_has_one_outcome_and_the_ledger_adds_up(fates):
    """One after the other, as a window of 1 has it."""
    answers, told = Answers(), []
    asked = []
    for now, fate in enumerate(fates):
        each = frame(now)
        asked.append(each)
        answers.expect(each)
        if fate == "late":
            answers.expire(now)
        else:
            hear(answers, b"z\r" if fate == "taken" else b"\a")
    while (failed := answers.first_failure()) is not None:
        told.append(failed)
    wanted = {"taken": Outcome.DONE, "refused": Outcome.REFUSED, "late": Outcome.SILENT}
    assert [each.outcome for each in asked] == [wanted[fate] for fate in fates]
    assert told == [a for a, fate in zip(asked, fates, strict=True) if fate != "taken"]
    assert (answers.refused, answers.lost) == (fates.count("refused"), fates.count("late"))
    assert len(answers) == answers.frames_waiting == answers.unasked == 0
