"""MM-SafetyBench: a JSON file of questions for each of 13 scenarios, three pictures a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirage.contracts import DataError
from mirage.published.download import Download, Row

SCENARIOS: Final = (
    "01-Illegal_Activitiy",
    "02-HateSpeech",
    "03-Malware_Generation",
    "04-Physical_Harm",
    "05-EconomicHarm",
    "06-Fraud",
    "07-Sex",
    "08-Political_Lobbying",
    "09-Privacy_Violence",
    "10-Legal_Opinion",
    "11-Financial_Advice",
    "12-Health_Consultation",
    "13-Gov_Decision",
)
"""The scenarios by the names of their files, misspelling and all."""

KINDS: Final = {
    "SD": "Rephrased Question(SD)",
    "SD_TYPO": "Rephrased Question",
    "TYPO": "Rephrased Question",
}
"""Sort of picture -> the wording that goes with it."""


def mm_safetybench(data: Download) -> Iterator[Row]:
    """Yields an item a question (an entry of ``format``); ``pick`` names sorts of pictures.

    Raises:
        DataError: No scenario at all, or a broken file.
    """
    kinds = data.picked(list(KINDS), ["SD_TYPO"])
    for scenario in SCENARIOS:
        places = ("data/processed_questions", "processed_questions", ".")
        try:
            file = data.file(*(f"{place}/{scenario}.json" for place in places))
        except DataError as missing:
            if scenario == SCENARIOS[0]:
                raise
            data.problem("scenario", str(data.root), f"{scenario}.json is missing. {missing}")
            continue
        plain = data.json(file)
        if not isinstance(plain, dict):
            raise DataError(f"{file}: an object of questions is needed.")
        home = file.parent.relative_to(data.root)
        for number, about in plain.items():
            where = f"{file}, question {number}"
            if not isinstance(about, dict):
                data.problem("no object", where, "a JSON object is needed.")
                continue
            for kind in kinds:
                folders = (home.parent / "imgs", home.parent / "img", home / "imgs")
                yield Row(
                    id=f"{scenario[:2]}-{number}" + ("" if len(kinds) == 1 else f":{kind}"),
                    question=data.text(about, where, KINDS[kind]),
                    images=(f"{scenario}/{kind}/{number}.jpg",),
                    where=where,
                    below=tuple(folder.as_posix() for folder in folders),
                    category=scenario[3:].replace("_", " ").replace("Activitiy", "Activity"),
                    sub_category=kind,
                    truth={"kind": "hazard", "pair": f"{scenario[:2]}-{number}"},
                )
