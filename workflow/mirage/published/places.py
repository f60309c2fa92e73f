"""Where published data sets come from, for the sentence that a missing folder deserves."""

from __future__ import annotations

from typing import Final

PLACES: Final[dict[str, str]] = {
    "mis_test": "MIS_Test of Tuwhy on Hugging Face",
    "mis_train": "MIS_Train of Tuwhy on Hugging Face (mis_train.json and images.zip)",
    "sharegpt": "M4-Instruct-Data of lmms-lab on Hugging Face, or other data in its form",
    "vlguard": "VLGuard of ys-zong on Hugging Face or GitHub (JSON files, train.zip and test.zip)",
    "figstep": "the repository ThuCCSLab/FigStep on GitHub",
    "mm_safetybench": "the repository isXinLiu/MM-SafetyBench on GitHub, and its pictures",
    "jailbreakv": "JailBreakV-28k of JailbreakV-28K on Hugging Face",
    "siuo": "the repository sinwang20/SIUO on GitHub, and its pictures on Hugging Face",
    "mss_chat": "mssbench of kzhou35 on Hugging Face",
    "mossbench": "the repository xirui-li/MOSSBench on GitHub",
    "vlsbench": "vlsbench of Foreshhh on Hugging Face",
    "xstest": "xstest_prompts.csv of the repository paul-rottger/xstest on GitHub",
    "saferlhf_text": "a file of your own, in the form that docs/published_data.md shows",
    "advbench_suffix": "a file of your own, in the form that docs/published_data.md shows",
    "mis_benign": "a file of your own; begin with: mirage data template",
}
"""Format -> what to download; nothing here ever downloads it."""
