"""Lets torchvision be imported beside a torch without CUDA; `make env-vllm` installs it.

The package index has torchvision for CUDA alone. Its compiled operators then do not load, and its
import fails where it describes two of them. Declaring their names first is enough: the transforms
that image processors call are plain torch. A file that ends with .pth imports this at every start
of the interpreter, because vLLM starts processes of its own; nothing is loaded before torchvision
is asked for.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import Any

OPERATOR = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class _Declare(MetaPathFinder):
    """Declares the operators when torchvision is looked for, and finds nothing itself."""

    library: Any = None
    """Kept: its operators go when it goes."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname != "torchvision" or _Declare.library is not None:
            return
        import torch

        if torch.version.cuda is None:
            _Declare.library = torch.library.Library("torchvision", "DEF")
            for name in ("nms", "qnms"):
                _Declare.library.define(name + OPERATOR)


sys.meta_path.insert(0, _Declare())
