"""What accelerators can do at most, for model FLOPs utilisation."""

from __future__ import annotations

from typing import Final

PEAKS: Final = (
    ("H100 PCIe", 756e12),
    ("H100 NVL", 835e12),
    ("H100", 989.4e12),
    ("H200", 989.4e12),
    ("GH200", 989.4e12),
    ("H800", 989.4e12),
    ("A100", 312e12),
    ("A800", 312e12),
    ("L40S", 362.05e12),
    ("A40", 149.7e12),
    ("RTX A6000", 154.8e12),
)
"""Part of a device's name -> floating-point operations a second, the first that matches.

Of dense matrix products in bfloat16 with sums in fp32, without sparsity, at boost clock: NVIDIA's
data sheets of each product (those that print a rate with sparsity: half of it). No processor
stands here, since its rate depends on what else runs; nor does any other type of number.
"""


def peak_flops(device: str, dtype: str) -> float | None:
    """Returns the most floating-point operations a second of a device; None where not known.

    Args:
        device: As ``torch.cuda.get_device_name`` says.
        dtype: Type of number of the products, as ``str(torch.bfloat16)``.
    """
    if dtype != "torch.bfloat16":
        return None
    return next((peak for name, peak in PEAKS if name in device), None)
