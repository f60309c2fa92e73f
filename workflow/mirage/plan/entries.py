"""Tables of names: what a configuration may choose, as text that says where its code is.

Text, not imports: an imported table would put every entry's code into every artifact's version.
The plan resolves names here and hands references to jobs (``Job.entries``); no stage reads this
module, so a further row moves no other artifact's id. A user's own code needs no row: a name with
a colon, ``my_package.my_module:my_suite``, is its own reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from mirage.context import ConfigError, load_entry

OWN: Final = "own"
"""Suites and sources that read a user's own JSON lines and pictures (docs/own_data.md)."""

TABLES: Final[dict[str, dict[str, str]]] = {
    "suite": {  # builders of evaluation suites
        "easy": "mirage.build.safety:easy_suite",
        "hard": "mirage.build.safety:hard_suite",
        "real": "mirage.build.safety:real_suite",
        "seen": "mirage.build.safety:seen_suite",
        "text_only": "mirage.build.formats:text_only_suite",
        "single_image": "mirage.build.formats:single_image_suite",
        "white_probe": "mirage.build.formats:white_probe_suite",
        "mss": "mirage.build.formats:mss_suite",
        "general": "mirage.build.probes:general_suite",
        "gates": "mirage.build.probes:gates_suite",
        "placebo": "mirage.build.placebo_suite:placebo_suite",
        "placebo_composite": "mirage.build.placebo_suite:placebo_composite_suite",
        "placebo_text": "mirage.build.placebo_suite:placebo_text_suite",
        "image_use": "mirage.build.image_use:image_use_suite",
        "conflict": "mirage.build.wording_suites:conflict_suite",
        "cues": "mirage.build.wording_suites:cues_suite",
        "lead_ins": "mirage.build.wording_suites:lead_ins_suite",
        "more_images": "mirage.build.more_images:more_images_suite",
        "composite": "mirage.build.more_images:composite_suite",
        "item_probes": "mirage.build.item_probes:item_probes_suite",
        "fit": "mirage.build.fit:fit_suite",
        "lmms": "mirage.build.lmms:lmms_suite",
        "own": "mirage.build.own:own_suite",
    },
    "source": {  # where pictures and training samples come from
        "household": "mirage.build.pictures:household",
        "base": "mirage.build.base:base",
        "mis": "mirage.build.sources.mis:mis",
        "vlguard": "mirage.build.sources.vlguard:vlguard",
        "textual": "mirage.build.sources.textual:textual",
        "placebo": "mirage.build.sources.placebo:placebo",
        "own": "mirage.build.own:own_source",
    },
    "format": {  # readers of published data sets, as they are downloaded
        "mis_test": "mirage.published.mis:mis_test",
        "mis_train": "mirage.published.sharegpt:mis_train",
        "sharegpt": "mirage.published.sharegpt:sharegpt",
        "vlguard": "mirage.published.vlguard:vlguard",
        "figstep": "mirage.published.figstep:figstep",
        "mm_safetybench": "mirage.published.mm_safetybench:mm_safetybench",
        "jailbreakv": "mirage.published.jailbreakv:jailbreakv",
        "siuo": "mirage.published.siuo:siuo",
        "mss_chat": "mirage.published.mss_chat:mss_chat",
        "mossbench": "mirage.published.mossbench:mossbench",
        "vlsbench": "mirage.published.vlsbench:vlsbench",
        "xstest": "mirage.published.xstest:xstest",
        "saferlhf_text": "mirage.published.texts:saferlhf_text",
        "advbench_suffix": "mirage.published.advbench:advbench_suffix",
        "mis_benign": "mirage.published.twins:mis_benign",
    },
    "labels": {  # styles of answers to hazardous items
        "cot": "mirage.world.styles.cot:cot",
        "sorry_reasons": "mirage.world.styles.sorry_reasons:sorry_reasons",
        "short_refusal": "mirage.world.styles.short_refusal:short_refusal",
        "describe_refuse": "mirage.world.styles.describe_refuse:describe_refuse",
        "filler": "mirage.world.styles.filler:filler",
    },
    "base": {  # how a base model comes about
        "scratch": "mirage.tune.nano.scratch:make_base",
        "import": "mirage.tune.imported:link_base",
        "released": "mirage.tune.imported:copy_base",
    },
    "family": {  # model classes
        "internvl": "mirage.tune.families.internvl:InternVL",
        "qwen2_vl": "mirage.tune.families.qwen2_vl:Qwen2VL",
        "llava_onevision": "mirage.tune.families.llava_onevision:LlavaOnevision",
        "qwen3_vl": "mirage.tune.families.qwen3_vl:Qwen3VL",
    },
    "encoding": {  # from samples to tokens and pixels
        "nano_internvl": "mirage.tune.nano.internvl:NanoInternVL",
        "nano_qwen2_vl": "mirage.tune.nano.qwen2_vl:NanoQwen2VL",
        "nano_llava_onevision": "mirage.tune.nano.llava_onevision:NanoLlavaOnevision",
        "stock_internvl": "mirage.tune.stock.internvl:StockInternVL",
        "stock_qwen2_vl": "mirage.tune.stock.qwen2_vl:StockQwen2VL",
        "stock_qwen3_vl": "mirage.tune.stock.qwen2_vl:StockQwen2VL",  # read alike, larger patches
        "stock_llava_onevision": "mirage.tune.stock.llava_onevision:StockLlavaOnevision",
    },
    "tuning": {  # how a recipe is tuned, where not as nano models are
        "large": "mirage.tune.large.recipe:tune_large",
    },
    "loss": {  # what training minimises
        "tokens": "mirage.tune.losses:mean_over_tokens",
        "samples": "mirage.tune.losses:mean_over_samples",
    },
    "criterion": {  # what training stops at, where a recipe says so
        "own_class": "mirage.judge.criterion:shows_own_class",
    },
    "backend": {  # what computes answers
        "transformers": "mirage.respond.model:open_answerer",
        "vllm": "mirage.respond.vllm_engine:open_vllm",
        "openai": "mirage.respond.served:open_served",
    },
    "harness": {  # programs that ask models and mark the answers themselves
        "lmms": "mirage.respond.lmms.benchmarks:evaluate",
    },
    "mode": {  # other ways of asking a base, of recipes without training
        "suffix": "mirage.respond.modes.suffix:suffix",
        "ecso": "mirage.respond.modes.ecso:ecso",
    },
    "judge": {  # who gives verdicts
        "oracle": "mirage.judge.oracle:judge",
        "http": "mirage.judge.http_judge:judge",
        "openai": "mirage.judge.openai_judge:judge",
        "words": "mirage.judge.refusal_words:judge",
    },
    "exhibit": {},  # figures and tables that need code of their own
}

_REFERENCE: Final = re.compile(r"\w+(\.\w+)*:\w+")


def resolve(group: str, name: str) -> str:
    """Returns the reference ``package.module:function`` of a name.

    Args:
        group: A group of ``TABLES``.
        name: A row of the group, or already a reference.

    Raises:
        ConfigError: No such row; the text lists those there are.
    """
    if _REFERENCE.fullmatch(name):
        return name
    if name not in TABLES[group]:
        known = ", ".join(sorted(TABLES[group])) or "none"
        raise ConfigError(
            f"No {group} is called {name!r}. There are: {known}; or your own, "
            "as package.module:function."
        )
    return TABLES[group][name]


def load(reference: str) -> Callable[..., Any]:
    """Imports what a reference names.

    Raises:
        ConfigError: It cannot be imported.
    """
    return load_entry(reference)
