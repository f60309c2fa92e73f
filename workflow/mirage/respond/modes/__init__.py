"""Other ways of asking a base, whose weights stay as they are: the entries of the group ``mode``.

A recipe with a block ``respond`` names one. It is a function

    def mode(ask: Ask, suites: Sequence[Sequence[Question]], **options) -> Mapping[str, Entry]

that asks as often as it needs (each call of ``ask`` is a round, named where there are several) and
returns, for every item of the suites, the answer that is judged. Rounds are kept for people in the
folder of the answers, and a killed job computes none of their answers twice.
"""
