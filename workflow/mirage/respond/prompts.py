"""From questions to prompts: token ids with a place for every picture token, sizes as shown.

Apart from the model: every backend that opens a model folder asks with the very same ids.
"""

from __future__ import annotations

from collections.abc import Sequence

from mirage.pictures import PictureFile
from mirage.respond.batches import Prompt
from mirage.respond.items import Question
from mirage.tune.encoding import Encoding, check_length, size_shown

View = tuple[str, int, int, int]
"""A picture as it is shown: digest of its bytes, width, height, and ``Encoding.company``."""


class Prompter:
    """Makes the prompts of one opened encoding.

    Attributes:
        encoding: What the model reads and writes with.
        tiles: View -> its tiles.
        sizes: Picture -> width and height in which it is shown.
    """

    encoding: Encoding
    tiles: dict[View, int]
    sizes: dict[PictureFile, tuple[int, int]]

    def prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        """Returns the token ids of each question, exactly as the processor would make them.

        Raises:
            DataError: A picture that is none, or of a size that the model cannot take; a prompt
                that leaves no room for its answer.
        """
        return [
            Prompt(q, tuple(self._ids(q)), tuple(view[1:3] for view in self.views(q)))
            for q in questions
        ]

    def views(self, question: Question) -> list[View]:
        """Returns how the pictures of a question are shown; only their heads are read.

        Two suites may show the same picture in two sizes, or one of them refuse it.

        Raises:
            DataError: A picture that is none, or of a size that the model cannot take.
        """
        where, views = question.where, []
        company = self.encoding.company(len(question.pictures))
        for digest, file in zip(question.digests, question.pictures, strict=True):
            if file not in self.sizes:
                self.sizes[file] = size_shown(file, where, self.encoding)
            view = (digest, *self.sizes[file], company)
            if view not in self.tiles:
                named = f"{where}: picture {file}"
                self.tiles[view] = self.encoding.tiles(*self.sizes[file], named, company)
            views.append(view)
        return views

    def slots(self, question: Question) -> list[int]:
        """Returns the picture tokens of each picture of a question."""
        return self.encoding.slots(self._tiles(question), question.where)

    def _ids(self, question: Question) -> list[int]:
        """Returns a prompt in which every picture has as many tokens as it takes."""
        where = question.where
        ids = self.encoding.prompt(question.text, self.slots(question), where, strict=False)
        check_length(len(ids) + question.max_new_tokens, self.encoding, where)
        return ids

    def _tiles(self, question: Question) -> list[int]:
        return [self.tiles[view] for view in self.views(question)]
