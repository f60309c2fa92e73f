"""What training minimises: one function a loss, entries of the group ``loss``.

A loss gets what the model said where an answer is learnt and returns a scalar. One that compares a
sample's answer with a rejected one sets ``reads_rejected`` on itself; the rejected answers of a
batch then pass the model too and come as the second argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn.functional import cross_entropy


@dataclass(frozen=True)
class Learnt:
    """The answers of one batch, or of one rank's share of it, token by token.

    Attributes:
        logits: (tokens, vocabulary).
        targets: (tokens,), the ids that should be written.
        owners: (tokens,), which sample of the training set each token belongs to.
        shares: (tokens,), one over the learnt tokens of the token's sample.
        n_tokens: Learnt tokens of the whole batch over all ranks, divided by the number of ranks,
            since ranks average their gradients.
        n_samples: Its samples, divided likewise.
    """

    logits: Tensor
    targets: Tensor
    owners: Tensor
    shares: Tensor
    n_tokens: float
    n_samples: float


class Loss(Protocol):
    """What an entry of the group ``loss`` is."""

    def __call__(self, chosen: Learnt, rejected: Learnt | None) -> Tensor:
        """Returns the loss of a batch, a scalar.

        Args:
            chosen: The answers to be learnt.
            rejected: Those of the samples that have one; None unless ``reads_rejected``.
        """


def mean_over_tokens(chosen: Learnt, rejected: Learnt | None) -> Tensor:
    """Cross entropy, every learnt token of a batch counting alike."""
    del rejected
    return cross_entropy(chosen.logits, chosen.targets, reduction="sum") / chosen.n_tokens


def mean_over_samples(chosen: Learnt, rejected: Learnt | None) -> Tensor:
    """Cross entropy, every sample counting alike: long answers weigh no more than short ones."""
    del rejected
    each = cross_entropy(chosen.logits, chosen.targets, reduction="none")
    return (each * chosen.shares).sum() / chosen.n_samples
