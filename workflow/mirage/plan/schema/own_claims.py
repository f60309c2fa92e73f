"""<folder>/reports/claims.yaml: a user's own ledger, of the suite's form, apart from the suite's.

A module by itself: scores read the suite's form alone, so that nothing here moves their ids.
"""

from __future__ import annotations

from typing import Final, Self

from pydantic import model_validator

from mirage.plan.schema.claims import ClaimId, Claims
from mirage.plan.schema.types import Name

FIRST_OWN: Final = 10
"""``H10`` and up are a user's; smaller numbers are the suite's."""


class OwnClaims(Claims):
    """A user's ledger: ids ``H10`` and up, one Holm family.

    Attributes:
        needs: Claim -> the gates that it needs, as conf/score has them for the suite's claims.
    """

    needs: dict[ClaimId, list[Name]] = {}

    @model_validator(mode="after")
    def _ids_of_its_own(self) -> Self:
        taken = [i for i in self.claims if i[0] != "H" or int(i[1:]) < FIRST_OWN]
        if taken:
            raise ValueError(
                f"{', '.join(taken)} could be taken for a claim of the paper or the suite; call "
                f"yours H{FIRST_OWN} and up"
            )
        if unknown := sorted(self.needs.keys() - self.claims.keys()):
            raise ValueError(f"needs names {', '.join(unknown)}, which is no claim of this file")
        return self
