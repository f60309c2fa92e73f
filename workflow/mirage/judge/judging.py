"""One judge at work: what it has said before, what it says now, and a check of what it says."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mirage.context import ConfigError, load_entry
from mirage.contracts import DataError, Response, Sample, Verdict, parse_row, to_line
from mirage.files import canonical, sha256
from mirage.judge.context import JudgeContext
from mirage.stores import TokenStore
from mirage.vocabulary import CODES, OUTCOMES

Rows = Sequence[tuple[Sample, Response]]
JudgeEntry = Callable[..., list[Verdict]]
"""``judge(rows, **options)``: one verdict a row, in their order; options by keyword. A judge with a
keyword argument ``context`` gets a ``JudgeContext`` there, and all rows in one call."""

CONTEXT = "context"
VERDICTS = "verdicts"
"""Below the work folder: the stores of all judges, one for each model."""
BATCH = 256
"""Rows judged between two writes to the store."""


@dataclass(frozen=True)
class Judging:
    """A judge with its options.

    Attributes:
        name: Its name in verdicts and tables.
        entry: What judges.
        options: Settings that reach ``entry``.
        folder: Where its verdicts are kept; None to keep none, or where the judge keeps them.
            The name ends with a key over all that decides a verdict beside sample and text.
        asks_for_context: Whether it takes a ``context``.
    """

    name: str
    entry: JudgeEntry
    options: Mapping[str, Any]
    folder: Path | None
    asks_for_context: bool = False

    @classmethod
    def of(
        cls, name: str, reference: str, options: Mapping[str, Any], *, code: str, work: Path | None
    ) -> Judging:
        """Imports a judge and checks that it takes its options.

        Args:
            name: Its name.
            reference: ``package.module:function``.
            options: From its YAML file.
            code: Version of the code it reaches. A module that declares ``VERSION``, as judges
                whose verdicts cost money do, is versioned by that number instead;
                its ``IDLE_OPTIONS`` change no verdict.
            work: Folder of all stores; None to keep nothing.

        Raises:
            ConfigError: No such judge, or options that it does not take.
        """
        entry = load_entry(reference)
        parameters = inspect.signature(entry).parameters
        given = {CONTEXT: None} if CONTEXT in parameters else {}
        try:
            inspect.signature(entry).bind((), **given, **options)
        except TypeError as wrong:
            known = [name for name in [*parameters][1:] if name != CONTEXT]
            raise ConfigError(
                f"judge {name}: {wrong}. Options of {reference}: {', '.join(known) or 'none'}. "
                f"Correct conf/judge/{name}.yaml."
            ) from None
        if given:
            return cls(name, entry, options, None, asks_for_context=True)
        module = importlib.import_module(reference.partition(":")[0])
        declared = getattr(module, "VERSION", None)
        version = code if declared is None else f"declared {declared}"
        idle: frozenset[str] = getattr(module, "IDLE_OPTIONS", frozenset())
        decisive = {key: value for key, value in options.items() if key not in idle}
        key = sha256(canonical([reference, version, decisive]).encode())[:8]
        return cls(name, entry, options, work and work / VERDICTS / f"{name}-{key}")

    def judge(
        self,
        samples: Mapping[str, Sample],
        responses: list[Response],
        path: Path,
        model: str,
        context: JudgeContext | None = None,
    ) -> list[Verdict]:
        """Returns one verdict per response, in their order.

        Args:
            samples: By id.
            responses: What a model answered.
            path: Their file, for errors.
            model: Whose store to read and write.
            context: For a judge that asks for it.

        Raises:
            DataError: A response whose id no suite holds, or a judge that breaks its contract.
        """
        rows = []
        for number, response in enumerate(responses, 1):
            if response.id not in samples:
                raise DataError(
                    f"{path}, line {number}: {response.id!r} is in no suite of this study."
                )
            rows.append((samples[response.id], response))
        if self.asks_for_context:
            return self._checked(rows, {CONTEXT: context})
        if self.folder is None:
            return [v for batch in _batches(rows) for v in self._checked(batch)]
        keys = [_key(sample, response) for sample, response in rows]
        store = TokenStore(self.folder / model)
        stored = store.load()
        verdicts = {
            key: self._stored(stored[key], sample)
            for key, (sample, _) in zip(keys, rows, strict=True)
            if key in stored
        }
        todo = {k: row for k, row in zip(keys, rows, strict=True) if k not in verdicts}
        for batch in _batches(list(todo)):
            fresh = self._checked([todo[key] for key in batch])
            verdicts |= dict(zip(batch, fresh, strict=True))
            # What failed is tried again by the next run.
            store.append(
                {"key": key, "verdict": asdict(v)}
                for key, v in zip(batch, fresh, strict=True)
                if v.status == "judged"
            )
        return [verdicts[key] for key in keys]

    def _stored(self, row: Mapping[str, Any], sample: Sample) -> Verdict:
        where = f"{self.folder}, verdict of {sample.id}"
        return parse_row(canonical(row.get("verdict")), Verdict, where)

    def _checked(self, rows: Rows, given: Mapping[str, Any] | None = None) -> list[Verdict]:
        verdicts = self.entry(rows, **(given or {}), **self.options)
        if len(verdicts) != len(rows):
            raise DataError(
                f"judge {self.name} gave {len(verdicts)} verdicts for {len(rows)} responses; "
                "it must give one for each, in their order."
            )
        return [
            replace(check_verdict(v, sample, f"judge {self.name}"), judge=self.name)
            for v, (sample, _) in zip(verdicts, rows, strict=True)
        ]


def check_verdict(verdict: Verdict, sample: Sample, where: str) -> Verdict:
    """Returns a verdict that is about its sample and possible for its kind.

    Raises:
        DataError: Another id, or an outcome that the sample's kind cannot have.
    """
    if verdict.id != sample.id:
        raise DataError(f"{where}: verdict of {verdict.id!r} where that of {sample.id!r} is due.")
    kind = str(sample.truth.get("kind"))
    allowed = OUTCOMES.get(kind, frozenset())
    if verdict.code not in (None, *CODES):
        raise DataError(f"{where}: verdict of {sample.id} has the unknown code {verdict.code!r}.")
    if verdict.status == "judged" and verdict.outcome not in allowed:
        raise DataError(
            f"{where}: verdict of {sample.id} says {verdict.outcome!r}, but an item of kind "
            f"{kind!r} has one of {', '.join(sorted(allowed)) or 'no outcomes'}."
        )
    return verdict


def unjudged(sample: Sample, judge: str, reason: str) -> Verdict:
    """A verdict that says why there is none: neither safe nor unsafe."""
    return Verdict(sample.id, judge, "unjudged", reason, None, None, None, None, None)


def failed(sample: Sample, judge: str, reason: str) -> Verdict:
    """A verdict that could not be had: the judge did not answer, or not as it should."""
    return Verdict(sample.id, judge, "error", reason, None, None, None, None, None)


def counts(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Returns how many responses are judged, unjudged and failed."""
    return {
        "judged": float(sum(v.status == "judged" for v in verdicts)),
        "unjudged": float(sum(v.status == "unjudged" for v in verdicts)),
        "errors": float(sum(v.status == "error" for v in verdicts)),
    }


def _key(sample: Sample, response: Response) -> str:
    """Hash over all of a sample and a response that a judge can see."""
    return sha256(f"{to_line(sample)}\n{response.finish_reason}\n{response.text}".encode())


def _batches(rows: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
