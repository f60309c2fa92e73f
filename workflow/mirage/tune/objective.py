"""A model with its pictures and a loss on answers only; calling it gives the loss of a batch."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import nn

from mirage.tune.batching import Batch
from mirage.tune.data import Encoded
from mirage.tune.families.base import Family
from mirage.tune.losses import Learnt, Loss


class Table(Protocol):
    """Rows of pictures that lie elsewhere than on the device: in the host's memory, in a file."""

    def __len__(self) -> int:
        """Returns how many rows there are, one per tile of a distinct picture."""

    def __getitem__(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns some rows, (rows, ...), on any device and in any type.

        Args:
            rows: Their numbers, (rows,), on any device.
        """


class Objective(nn.Module):
    """A model and its pictures.

    Where the vision tower is frozen its outputs are computed once per distinct picture and kept,
    which gives the same values as running it in every step.

    Attributes:
        model: The model that learns.
        table: One row per tile: what the tower takes, or kept features of the frozen tower. A
            tensor moves with the model; another kind of table stays where it is.
        reads_rejected: Whether the loss compares answers with rejected ones.
    """

    table: torch.Tensor | Table

    def __init__(
        self,
        model: Any,
        family: Family,
        data: Encoded,
        loss: Loss,
        keep_features: bool,
        table: Table | None = None,
    ) -> None:
        super().__init__()
        self.model, self.family, self.loss = model, family, loss
        self.keep_features = keep_features
        self.reads_rejected = bool(getattr(loss, "reads_rejected", False))
        if table is not None:
            self.table = table
            return
        pixels = data.pixels
        kept = family.keep(model, pixels, data.tiles) if keep_features else pixels
        self.register_buffer("table", kept, persistent=False)

    def forward(self, rejected: dict[str, Any] | None = None, **batch: Any) -> torch.Tensor:
        """Returns the loss of a batch; both arguments hold the fields of ``batching.Batch``."""
        other = None if rejected is None else self._learnt(Batch(**rejected))
        return self.loss(self._learnt(Batch(**batch)), other)

    @property
    def ends(self) -> set[int]:
        """Ids that end an answer, from the model's generation settings."""
        end = self.model.generation_config.eos_token_id
        return set(end) if isinstance(end, list) else {end}

    def embed(
        self,
        ids: torch.Tensor,
        pictures: torch.Tensor,
        tiles: list[int],
        alone: list[bool],
        shown: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Returns what the language model reads, (rows, width, hidden size or a multiple of it).

        Args:
            ids: (rows, width) token ids.
            pictures: Rows of the table, in the order of their placeholders.
            tiles: Tiles of each picture.
            alone: For each picture, whether it is the only one of its sample.
            shown: Those rows, where they came with the batch.
        """
        hidden: torch.Tensor = self.model.model.get_input_embeddings()(ids)
        if not len(self.table):
            return hidden
        # A batch without pictures sends one through and uses none of it: every parameter gets a
        # gradient in every batch, which ranks that add their gradients up must agree on.
        if not len(pictures):
            pictures, tiles, alone = pictures.new_zeros(1), [1], [False]
        shown = self.table[pictures] if shown is None else shown
        shown = shown.to(hidden.device, hidden.dtype)
        if self.keep_features:
            features = self.family.project(self.model, shown)
        else:
            features = self.family.see(self.model, shown, tiles)
        features = self.family.fill(self.model, features, tiles, alone)
        mask = (ids == self.model.config.image_token_id).unsqueeze(-1)
        return self.family.place(hidden, mask, features.to(hidden.dtype))

    def _learnt(self, batch: Batch) -> Learnt:
        """Returns what the model says at the places where an answer is learnt."""
        hidden = self.embed(batch.ids, batch.pictures, batch.tiles, batch.alone, batch.shown)
        # Positions that start again at 0 tell transformers where one packed sample ends.
        spans = {} if batch.spans is None else {"spans": batch.spans}
        hidden = self.model.model.language_model(
            **self.family.reads(self.model, hidden),
            position_ids=batch.positions,
            use_cache=False,
            **spans,
        ).last_hidden_state
        return Learnt(
            # The loss is computed in fp32, whatever the weights are.
            logits=self.model.lm_head(hidden.flatten(0, 1)[batch.places]).float(),
            targets=batch.targets,
            owners=batch.owners,
            shares=batch.shares,
            n_tokens=batch.n_tokens,
            n_samples=batch.n_samples,
        )
