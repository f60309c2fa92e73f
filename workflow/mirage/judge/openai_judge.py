"""A model as judge, behind an OpenAI-compatible address: the paper's judge in its basic form.

Both pictures, the question and the response; Safe or Unsafe and a perception level come back. Every
reply is kept the moment it comes in, by the content of its request: a run that was killed goes on,
and no answered call is paid for twice. What cannot be judged says why, and is never safe, never
unsafe and never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition, Lock, get_ident
from typing import Any, Final

from mirage.context import ConfigError
from mirage.contracts import Response, Sample, Verdict
from mirage.judge.caller import Caller, DeclinedError, NoReplyError, UnfitError
from mirage.judge.choice import settle
from mirage.judge.context import JudgeContext
from mirage.judge.cost import estimate, usd
from mirage.judge.endpoint import endpoint_of
from mirage.judge.judge_request import JudgeRequest, make_request, prompt_of
from mirage.judge.judging import failed, unjudged
from mirage.judge.labels import read_labels, to_verdict
from mirage.judge.replies import Replies, Reply
from mirage.plan.schema.judge import OpenAIOptions, openai_options
from mirage.vocabulary import SKILL_KINDS

GIVE_UP: Final = 16
"""Items that get no reply one after another, after which the run stops: the server is down. As many
are asked before all others, spread over all of them: a server that refuses each of those refuses
all."""
LINES: Final = 20
"""Lines of progress in a run."""

Told = Reply | NoReplyError
"""What became of a request."""


def judge(
    rows: Sequence[tuple[Sample, Response]], *, context: JudgeContext, **options: Any
) -> list[Verdict]:
    """The judge's entry.

    Args:
        rows: What to judge.
        context: Where pictures are and replies are kept.
        options: ``mirage.plan.schema.judge.OpenAIOptions``.

    Raises:
        ConfigError: The judge may not or cannot be asked, or its budget is spent.
        DataError: A picture that is missing or was changed; damaged replies.
    """
    chosen = openai_options(context.name, options)
    requests = {
        sample.id: make_request(sample, response, context.pictures(sample), chosen)
        for sample, response in rows
        if prompt_of(sample) and not _too_long(sample, response, chosen)
    }
    told = Asking(context, chosen).ask({each.key: each for each in requests.values()})
    verdicts = []
    for sample, response in rows:
        if sample.truth.get("kind") in SKILL_KINDS:
            verdicts.append(settle(sample, response, context.name))
        elif sample.id in requests:
            request = requests[sample.id]
            verdicts.append(_verdict(sample, request, told[request.key], chosen, context.name))
        else:
            why = _too_long(sample, response, chosen) or "its truth has no kind"
            verdicts.append(unjudged(sample, context.name, why))
    return verdicts


def _too_long(sample: Sample, response: Response, options: OpenAIOptions) -> str:
    length = len(sample.question) + len(response.text)
    if length <= options.longest_text:
        return ""
    return f"{length} characters are more than longest_text, {options.longest_text}"


def _verdict(
    sample: Sample, request: JudgeRequest, told: Told, options: OpenAIOptions, name: str
) -> Verdict:
    if isinstance(told, DeclinedError):
        return unjudged(sample, name, str(told))
    if isinstance(told, NoReplyError):
        return failed(sample, name, str(told))
    return to_verdict(sample, told, request.labels, options.model, name)


@dataclass
class Asking:
    """Asks many requests at once, within a budget.

    Attributes:
        under_way: Dollars that the call under way may cost at most, by thread.
        lost: Dollars that calls whose reply was lost may have cost at most.
        missed: Requests without a reply, one after another.
    """

    context: JudgeContext
    options: OpenAIOptions
    under_way: dict[int, float] = field(default_factory=dict)
    lost: float = 0.0
    missed: int = 0
    done: int = 0
    fatal: ConfigError | None = None
    lock: Lock = field(default_factory=Lock)
    shares: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self.replies = Replies(self.context.paid / "replies")

    def ask(self, requests: dict[str, JudgeRequest]) -> dict[str, Told]:
        """Returns what became of each request; those whose reply was kept are not asked.

        Raises:
            ConfigError: The judge may not or cannot be asked, or its budget is spent.
        """
        told: dict[str, Told] = {}
        for key, request in requests.items():
            kept = self.replies.of(key)
            if kept and self._settled(request, kept):
                told[key] = kept[-1]
        todo = [request for key, request in requests.items() if key not in told]
        if not todo:
            return told
        caller = Caller(
            self.context.name, endpoint_of(self.context.name, self.options), self.options
        )
        self._announce(todo, len(told))
        first = todo[:: max(1, len(todo) // GIVE_UP)][:GIVE_UP]
        others = [request for request in todo if request not in first]
        with ThreadPoolExecutor(self.options.concurrency) as pool:
            try:
                for some in (first, others):
                    made = pool.map(lambda request: self._one(caller, request, len(todo)), some)
                    told |= {r.key: each for r, each in zip(some, made, strict=True) if each}
                    self._check_taken(caller.endpoint.url, list(told.values()))
            finally:
                caller.stopped.set()  # after an interrupt, calls under way end; no other begins
        if self.fatal is not None:
            raise self.fatal
        return told

    def _check_taken(self, url: str, told: list[Told]) -> None:
        """Checks that the server takes calls at all.

        Raises:
            ConfigError: It refused each so far.
        """
        if len(told) < GIVE_UP or not all(isinstance(each, UnfitError) for each in told):
            return
        name = self.context.name
        raise ConfigError(
            f"judge {name}: {url} refused each of {len(told)} calls, the last one with {told[-1]}. "
            "Does it take as many pictures as an item has, and response_format? Its log says more; "
            f"how it is started: conf/judge/{name}.yaml. Nothing was judged."
        )

    def _settled(self, request: JudgeRequest, kept: list[Reply]) -> bool:
        """Whether asking again could say nothing else, or has been tried often enough."""
        if kept[-1].refused or len(kept) >= self.options.attempts:
            return True
        try:
            read_labels(kept[-1], request.labels, self.options.model)
        except ValueError:
            return False
        return True

    def _announce(self, todo: list[JudgeRequest], known: int) -> None:
        """Says what will be asked and what it will cost.

        Raises:
            ConfigError: More than the budget leaves, or nobody knows the price.
        """
        whole = estimate((request.tokens_in for request in todo), self.options)
        name, file = self.context.name, f"conf/judge/{self.context.name}.yaml"
        budget, spent = self.options.budget_usd, self.replies.spent
        left = "" if budget is None else f"; ${spent:,.2f} of ${budget:,.2f} are spent"
        self.context.log(f"judge {name}: {known} replies are kept; {whole}{left}")
        if budget is None:
            return
        if whole.usd is None:
            raise ConfigError(
                f"judge {name}: no price of {self.options.model} is known, so no budget can be "
                f"kept. Say it in {file}: options.usd_per_million"
            )
        if spent + whole.usd > budget:
            raise ConfigError(
                f"judge {name}: {whole} for what is left here, but ${spent:,.2f} of ${budget:,.2f} "
                f"are spent already. Nothing was asked. Raise options.budget_usd in {file}."
            )

    def _one(self, caller: Caller, request: JudgeRequest, total: int) -> Told | None:
        """Asks one request until its reply can be read; None where the run stops."""
        told: Told | None = None
        try:
            while told is None and not caller.stopped.is_set():
                told = self._call(caller, request)
        except NoReplyError as wrong:
            if caller.stopped.is_set():
                return None
            told = wrong
        except ConfigError as fatal:
            self.fatal = self.fatal or fatal
            caller.stopped.set()
            return None
        own = not isinstance(told, NoReplyError) or isinstance(told, DeclinedError | UnfitError)
        with self.lock:
            self.missed = 0 if own else self.missed + 1
            self.done += 1
            if self.missed >= GIVE_UP and not caller.stopped.is_set():
                caller.stopped.set()
                self.fatal = self.fatal or ConfigError(
                    f"judge {self.context.name}: {GIVE_UP} items one after another had no reply, "
                    f"the last one: {told}. Is {caller.endpoint.url} up? What was judged is kept; "
                    "give the same command again once it answers."
                )
            if self.done % max(1, total // LINES) == 0 or self.done == total:
                self.context.log(
                    f"judge {self.context.name}: {self.done}/{total}, "
                    f"${self.replies.spent:,.2f} spent in all"
                )
        return told

    def _call(self, caller: Caller, request: JudgeRequest) -> Reply | None:
        """Makes one paid call and keeps its reply; None where it should be asked again.

        Raises:
            ConfigError: The budget is spent.
            NoReplyError: The call was not answered.
        """
        at_most = usd(request.tokens_most, self.options.max_tokens, self.options) or 0.0

        def lost() -> None:
            with self.shares:  # for the rest of this run: nobody says what it cost
                self.lost += self.under_way.pop(get_ident())

        try:
            reply = caller.ask(
                request.body(self.options),
                request.tokens_in,
                self.options.attempts,
                lambda: self._reserve(caller, at_most),
                lost,
            )
            self.replies.keep(request.key, reply)
        finally:
            with self.shares:
                self.under_way.pop(get_ident(), None)
                self.shares.notify_all()
        return reply if self._settled(request, self.replies.of(request.key)) else None

    def _reserve(self, caller: Caller, at_most: float) -> None:
        """Sets aside what a call may cost, once the calls under way leave enough of the budget.

        A try that cost nothing leaves its share to the next one.

        Raises:
            ConfigError: The budget is spent.
            NoReplyError: The run has stopped meanwhile.
        """
        self.replies.refresh()  # other jobs of this judge spend from the same budget
        with self.shares:
            while not caller.stopped.is_set():
                if get_ident() in self.under_way:
                    return
                # Read in here: a call that ends adds to what is spent before it gives its share
                # back.
                budget, spent = self.options.budget_usd, self.replies.spent
                under_way = sum(self.under_way.values())
                if budget is None or spent + self.lost + under_way + at_most <= budget:
                    self.under_way[get_ident()] = at_most
                    return
                if spent + self.lost + at_most > budget:
                    raise ConfigError(
                        f"judge {self.context.name}: its budget is spent: ${spent:,.2f} spent, "
                        f"${self.lost:,.2f} for calls whose reply was lost, of ${budget:,.2f}. "
                        "What was judged is kept; to go on, raise options.budget_usd in "
                        f"conf/judge/{self.context.name}.yaml."
                    )
                self.shares.wait()  # for a call under way: it rarely costs the most it may
        raise NoReplyError("stopped")
