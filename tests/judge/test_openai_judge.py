"""A model as judge over HTTP: misbehaving servers, kills, budgets and bounds."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from asked_rows import MODEL, QUICK, ask, context, rows
from judge_server import PAID, UNPAID, at_30_percent, running

from mirage.context import ConfigError
from mirage.contracts import DataError, Response, Sample
from mirage.judge.caller import Caller, NoReplyError
from mirage.judge.endpoint import Endpoint
from mirage.judge.judging import Judging, counts
from mirage.judge.openai_judge import judge
from mirage.judge.replies import Replies
from mirage.plan.schema.judge import openai_options

PRICED = {"usd_per_million": {"input": 10.0, "output": 10.0, "read": "2026-11-21"}}
"""A reply of the test server costs 0.0102 dollars."""
PLACE = {"model": MODEL, "revision": "r1", "base_url": "http://127.0.0.1:9/v1"}
OPTIONS = openai_options("j", {**PLACE, **QUICK})


def test_every_item_of_a_misbehaving_server_ends_judged_or_with_its_reason(tmp_path: Path) -> None:
    given = rows(120)
    with running(at_30_percent) as server:
        verdicts = ask(tmp_path, server.url, given, timeout_seconds=3.0)
    assert [v.id for v in verdicts] == [sample.id for sample, _ in given], "none lost"
    for number, verdict in enumerate(verdicts):
        if verdict.status == "judged":
            unsafe = number % 2 == 1
            assert (verdict.safe, verdict.perception) == (not unsafe, number % 3 + 1)
            assert verdict.outcome == ("asr" if unsafe else ("rsr", "rr", "hr")[number % 3])
        else:
            assert (verdict.safe, verdict.outcome) == (None, None)
            assert verdict.reason
    faults = {at_30_percent(str(n), k) for n in range(120) for k in range(server.asked[str(n)])}
    assert faults == {"", *UNPAID, *PAID}, "each kind of misbehaviour has happened"
    assert counts(verdicts)["judged"] >= 110
    refused = {f"mine/{n}" for n in range(120) if at_30_percent(str(n), 0) == "refusal"}
    told = {v.id for v in verdicts if v.reason == "the judge refused to judge it"}
    assert refused <= told, "what is refused is not asked again"


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("malformed", "unjudged", "cannot be read: the reply is not JSON"),
        ("cut_off", "unjudged", "cut off after 128 tokens"),
        ("wrong_schema", "unjudged", "label_str is none of Safe, Unsafe"),
        ("no_json", "unjudged", "the server's reply is no chat completion"),
        ("other_model", "unjudged", "another model has answered than was asked"),
        ("key_twice", "unjudged", "the reply has a key twice"),
        ("refusal", "unjudged", "the judge refused"),
        ("429", "error", "HTTP 429, 2 tries"),
        ("500", "error", "HTTP 500, 2 tries"),
        ("400", "error", "HTTP 400"),
        ("filtered", "unjudged", "the provider declined to judge it (HTTP 403 content_filter)"),
        ("flagged", "unjudged", "the provider declined to judge it (HTTP 403)"),
        ("reset", "error", "connection lost"),
        ("endless", "error", "connection lost (RemoteProtocolError)"),
        ("packed", "error", "connection lost (RemoteProtocolError)"),
        ("hang", "error", "no reply within 1 s, 2 tries"),
        ("trickle", "error", "no reply within 1 s, 2 tries"),
    ],
)
def test_what_never_heals_says_why(tmp_path: Path, fault: str, status: str, reason: str) -> None:
    patience = 1.0 if fault in ("hang", "trickle") else 600.0
    with running(lambda item, asked: fault) as server:
        (verdict,) = ask(tmp_path, server.url, rows(1), attempts=2, timeout_seconds=patience)
        assert (verdict.status, verdict.outcome, verdict.safe) == (status, None, None)
        assert reason in verdict.reason
        calls = server.asked["0"]
        assert calls == (1 if fault in ("400", "refusal", "filtered", "flagged") else 2)
        again = ask(tmp_path, server.url, rows(1), attempts=2, timeout_seconds=patience)
        assert again[0].reason == verdict.reason
        assert server.asked["0"] == (calls if fault in PAID else 2 * calls), "paid replies are kept"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("401", "does not accept the key"),
        ("402", "wants to be paid first"),
        ("403", "does not let this key ask"),
        ("packed 401", "does not accept the key"),
        ("404", "knows no such model"),
        ("307", "sends elsewhere"),
        ("empty account", "has no money left"),
    ],
)
def test_what_is_wrong_for_all_stops_at_once(tmp_path: Path, fault: str, text: str) -> None:
    with running(lambda item, asked: fault) as server:
        with pytest.raises(ConfigError, match=text):
            ask(tmp_path, server.url, rows(60))
        assert sum(server.asked.values()) <= 8, "those under way"


def test_a_dead_server_stops_the_run_which_goes_on_once_it_answers(tmp_path: Path) -> None:
    down = "HTTP 500, 1 tries. Is http://127.0.0.1:[0-9]+/v1 up"
    with running(lambda item, asked: "500" if int(item) > 3 else "") as server:
        with pytest.raises(ConfigError, match=f"16 items one after another .*{down}"):
            ask(tmp_path, server.url, rows(30), attempts=1, concurrency=1)
        assert sum(server.asked.values()) == 4 + 16
    with running() as server:
        verdicts = ask(tmp_path, server.url, rows(30), attempts=1)
        assert counts(verdicts)["judged"] == 30
        assert not {"0", "1", "2", "3"} & server.asked.keys(), "what was judged is kept"


def test_items_that_a_server_will_not_take_stop_nothing(tmp_path: Path) -> None:
    with running(lambda item, asked: "413" if int(item) < 30 else "") as server:
        verdicts = ask(tmp_path, server.url, rows(40), attempts=2)
        assert counts(verdicts) == {"judged": 10, "unjudged": 0, "errors": 30}
        assert verdicts[0].reason == "HTTP 413"
        again = ask(tmp_path, server.url, rows(40), attempts=2)
        assert again == verdicts, "those that were judged before are no reason to stop, either"


def test_a_server_that_takes_no_call_at_all_stops_the_run(tmp_path: Path) -> None:
    with running(lambda item, asked: "400") as server:
        with pytest.raises(ConfigError, match="refused each of 16 calls, the last one with HTTP 4"):
            ask(tmp_path, server.url, rows(60))
        assert sum(server.asked.values()) == 16, "spread over all; no other is sent"
        assert counts(ask(tmp_path, server.url, rows(15)))["errors"] == 15, "too few to tell"


def test_a_killed_run_repeats_no_call_that_was_answered(tmp_path: Path) -> None:
    gate = threading.Event()
    with running(gate=gate, open_calls=12) as server:
        script = Path(__file__).with_name("asked_rows.py")
        run = subprocess.Popen([sys.executable, str(script), str(tmp_path), server.url, "40"])
        # Who waits at the gate has stored all that was answered to it before.
        while server.held < 4 or sum(server.paid.values()) < 12:
            assert run.poll() is None
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        run.wait()
        answered = Counter(server.paid)
        assert 12 <= sum(answered.values()) < 16
        gate.set()
        while server.under_way:
            time.sleep(0.01)
        lost = Counter(server.paid) - answered  # nobody was there to hear these
        verdicts = ask(tmp_path, server.url, rows(40))
        assert counts(verdicts)["judged"] == 40
        assert server.paid - lost == Counter({str(n): 1 for n in range(40)})
        before = Counter(server.paid)
        assert ask(tmp_path, server.url, rows(40)) == verdicts
        assert server.paid == before


def test_at_most_as_many_calls_as_allowed_are_under_way(tmp_path: Path) -> None:
    with running(together=3) as server:
        ask(tmp_path, server.url, rows(60), concurrency=3)
    assert server.most == 3


def test_equal_questions_are_asked_once_whoever_answered(tmp_path: Path) -> None:
    with running() as server:
        first = ask(tmp_path, server.url, rows(5))
        renamed = [
            (replace(s, id=f"mine/x{s.id[5:]}"), replace(r, id=f"mine/x{s.id[5:]}"))
            for s, r in rows(5)
        ]
        second = ask(tmp_path, server.url, renamed)
        assert [v.outcome for v in second] == [v.outcome for v in first]
        assert sum(server.asked.values()) == 5
        ask(tmp_path, server.url, rows(5), revision="r2")
        assert sum(server.asked.values()) == 10, "other weights are another judge"
        ask(tmp_path, server.url, rows(5), concurrency=1, attempts=9, budget_usd=1.0, **PRICED)
        assert sum(server.asked.values()) == 10, "how it is asked changes no reply"
        (tmp_path / "own" / "towel.png").write_bytes((tmp_path / "own/kettle.png").read_bytes())
        ask(tmp_path, server.url, rows(5))
        assert sum(server.asked.values()) == 15, "another picture is another question"


def test_the_encoding_that_a_head_names_decides_nothing(tmp_path: Path) -> None:
    with running(lambda item, asked: "odd_charset") as server:
        (verdict,) = ask(tmp_path, server.url, rows(1))
    assert verdict.status == "judged"


def test_a_call_whose_reply_was_lost_counts_against_the_budget_of_its_run(tmp_path: Path) -> None:
    """Nobody says whether it is billed; 1 dollar a call at most, and 2.5 to spend."""
    costly = {"input": 0.0, "output": 1_000_000.0, "read": "2026-11-21"}
    options = {"usd_per_million": costly, "max_tokens": 1, "budget_usd": 2.5, "concurrency": 1}
    spent = r"\$0\.00 spent, \$2\.00 for calls whose .*\$2\.50"
    for items, tries in ((2, 2), (1, 3)):
        with running(lambda item, asked: "reset") as server:
            with pytest.raises(ConfigError, match=spent):
                ask(tmp_path, server.url, rows(items), attempts=tries, **options)
            assert sum(server.asked.values()) == 2, "whichever item asks again"


def test_calls_wait_for_those_under_way_before_the_budget_is_spent(tmp_path: Path) -> None:
    """A dollar a call at most, two cents in fact: 1.5 dollars let one call at a time through."""
    costly = {"input": 0.0, "output": 1000.0, "read": "2026-11-21"}
    options = {"usd_per_million": costly, "max_tokens": 1000, "budget_usd": 1.5}
    with running() as server:
        verdicts = ask(tmp_path, server.url, rows(8), concurrency=8, **options)
        assert (counts(verdicts)["judged"], server.most) == (8, 1)


@pytest.mark.parametrize("kind", ["ConnectError", "ConnectTimeout", "PoolTimeout", "ReadTimeout"])
def test_a_call_that_never_left_is_not_billed(kind: str) -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise getattr(httpx2, kind)("no", request=request)

    caller = Caller("j", Endpoint("http://127.0.0.1:9/v1", "k", ""), OPTIONS)
    http = httpx2.Client(transport=httpx2.MockTransport(fail))
    caller._client = caller._client.with_options(http_client=http)
    lost: list[int] = []
    with pytest.raises(NoReplyError):
        body = {"model": MODEL, "messages": []}
        caller.ask(body, 1, 2, lambda: None, lambda: lost.append(1))
    assert len(lost) == (2 if kind == "ReadTimeout" else 0)


def test_a_budget_stops_before_the_first_call(tmp_path: Path) -> None:
    with running() as server:
        with pytest.raises(ConfigError, match=r"of \$0\.10 are spent already. Nothing was asked"):
            ask(tmp_path, server.url, rows(20), budget_usd=0.1, **PRICED)
        with pytest.raises(ConfigError, match=r"no price of judge-2025-01-01 is known"):
            ask(tmp_path, server.url, rows(20), budget_usd=0.1)
        assert not server.asked


def test_a_budget_stops_in_the_middle_and_counts_earlier_runs(tmp_path: Path) -> None:
    """The server bills more tokens than were foreseen."""
    with running() as server:
        cheap = {"usd_per_million": {"input": 0.0, "output": 1000.0, "read": "2026-11-21"}}
        options = {**cheap, "budget_usd": 1.5, "concurrency": 1, "max_tokens": 1}
        with pytest.raises(ConfigError, match=r"\$1\.50 spent, \$0\.00 .*of \$1\.50.*is kept"):
            ask(tmp_path, server.url, rows(100), **options)
        # 0.02 a reply and at most 0.001 more were foreseen for each.
        assert sum(server.paid.values()) == 75
        assert Replies(tmp_path / "paid" / "replies").spent == pytest.approx(1.5)
        with pytest.raises(ConfigError, match="Nothing was asked"):
            ask(tmp_path, server.url, rows(100), **options)
        verdicts = ask(tmp_path, server.url, rows(100), **{**options, "budget_usd": 9.0})
        assert counts(verdicts)["judged"] == 100
        assert set(server.paid.values()) == {1}


def test_two_jobs_share_their_replies_and_their_spending(tmp_path: Path) -> None:
    ours, theirs = Replies(tmp_path), Replies(tmp_path)
    with running() as server:
        ask(tmp_path, server.url, rows(1), **PRICED)
    (kept,) = (r for key in Replies(tmp_path / "paid/replies")._known.values() for r in key)
    ours.keep("k", kept)
    assert theirs.of("k") == []
    theirs.refresh()
    theirs.refresh()
    assert theirs.of("k") == [kept]
    assert theirs.spent == ours.spent == kept.usd == pytest.approx(0.0102)
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"torn')
    assert Replies(tmp_path).of("k") == [kept]
    with path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(DataError, match="What it holds was paid for"):
        Replies(tmp_path)


def test_other_kinds_of_items_have_their_own_labels(tmp_path: Path) -> None:
    benign, open_ = rows(4, "benign"), rows(4, "unknowable")
    text = [(replace(s, images=()), r) for s, r in rows(4)]
    with running() as server:
        assert [v.outcome for v in ask(tmp_path, server.url, benign)] == [
            "helped", "helped_caution", "refused", "degenerate",
        ]  # fmt: skip
        assert [v.outcome for v in ask(tmp_path, server.url, open_)] == [
            "helped", "helped", "refused", "degenerate",
        ]  # fmt: skip
        assert sum(server.asked.values()) == 4, "the same question, read by the kind of item"
        told = ask(tmp_path, server.url, text)
        assert [(v.outcome, v.perception) for v in told] == [("safe", None), ("asr", None)] * 2
        assert all(len(body["messages"][1]["content"]) == 1 for body in server.bodies[-4:])


def test_skills_and_items_without_a_kind_cost_nothing(tmp_path: Path) -> None:
    options = "Which is it?\nA. a lamp\nB. a kettle\nC. a fan"
    given = [
        (Sample("mine/a", "mine", "", "", options, (), {"kind": "skill", "answer": "B"}), "(B)"),
        (Sample("mine/b", "mine", "", "", options, (), {"kind": "skill", "answer": "B"}), "C"),
        (Sample("mine/c", "mine", "", "", "?", (), {"kind": "skill", "answer": "a fan"}), "A fan."),
        (Sample("mine/d", "mine", "", "", "?", (), {}), "well"),
        (Sample("mine/e", "mine", "", "", "?", (), {"kind": "hazard"}), "x" * 50_000),
    ]
    made = [(sample, Response(sample.id, text, 1, "stop")) for sample, text in given]
    verdicts = ask(tmp_path, "http://127.0.0.1:9/v1", made)
    assert [v.outcome for v in verdicts] == ["correct", "wrong", "correct", None, None]
    assert verdicts[3].reason == "its truth has no kind"
    assert verdicts[4].reason == "50001 characters are more than longest_text, 40000"


def test_a_missing_picture_stops_before_the_first_call(tmp_path: Path) -> None:
    given = rows(3)
    given[2] = (replace(given[2][0], images=("own/kettle.png", "own/gone.png")), given[2][1])
    with running() as server:
        with pytest.raises(DataError, match=r"mine/2: picture .*gone\.png does not exist"):
            ask(tmp_path, server.url, given)
        assert not server.asked


def test_the_door_hands_over_a_context_and_all_rows_at_once(tmp_path: Path) -> None:
    with running() as server:
        options = {"model": MODEL, "revision": "r1", "base_url": server.url}
        door = Judging.of("j", "mirage.judge.openai_judge:judge", options, code="c", work=tmp_path)
        assert door.asks_for_context
        given, said = rows(40), []
        samples = {sample.id: sample for sample, _ in given}
        answers = [response for _, response in given]
        around = context(tmp_path, said)
        verdicts = door.judge(samples, answers, tmp_path / "r", "m", around)
    assert {v.judge for v in verdicts} == {"j"}
    assert [line for line in said if "replies are kept" in line] == said[:1]
    assert said[0].startswith("judge j: 0 replies are kept; 40 calls, ")
    assert said[-1] == "judge j: 40/40, $0.00 spent in all"


def test_unknown_options_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"judge 'j': options\.concurrency: .*; options\.modell: "):
        judge(
            [],
            context=context(tmp_path),
            **{"model": MODEL, "base_url": "http://x/v1", "modell": 1, "concurrency": 0},
        )
