from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mirage.plan.study.compose import Conf
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve


def problems(conf: Conf, **config: Any) -> list[str]:
    with pytest.raises(PlanError) as caught:
        resolve(config, conf)
    return [str(problem) for problem in caught.value.problems]


def edit(conf: Conf, name: str, old: str, new: str) -> None:
    path = conf.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_default_study(conf: Conf) -> None:
    study = resolve({}, conf)
    assert study.study.name == "quick"
    assert [each.recipe.name for each in study.recipes if not each.helper] == study.study.recipes
    assert study.store == "results"


def test_all_problems_at_once(conf: Conf) -> None:
    edit(conf, "recipe/mirage.yaml", "labels: cot", "labels: kot")
    edit(conf, "tune/default.yaml", "batch_size:", "batch_sice:")
    (conf.root / "suite/hard.yaml").write_text("name: hard\n  kind: [\n")
    found = problems(
        conf,
        recipe=["mirage", "mirag"],
        suite=["easy", "hard"],
        seeds=[1, 1],
        hydra="recipe.tune.epohcs=3 nothing.at=1",
        frobnicate=1,
    )
    text = "\n".join(found)
    assert (
        "conf/recipe/mirage.yaml: recipe.data.labels: No labels is called 'kot'. There are: cot,"
        in text
    )
    assert "conf/tune/default.yaml: tune.batch_sice: unknown key; allowed here:" in text
    assert "conf/tune/default.yaml: tune.batch_size: is missing" in text
    assert "conf/suite/hard.yaml, line 2: not valid YAML" in text
    assert "there is no recipe 'mirag'; did you mean 'mirage'?" in text
    assert "study.seeds: '1' stands there twice" in text
    assert "there is no key 'epohcs'; did you mean 'epochs'?" in text
    assert "nothing.at: is no key of the plan" in text
    assert "--config: frobnicate: unknown key" in text
    assert len(found) == 9


def test_a_study_that_names_a_missing_suite(conf: Conf) -> None:
    edit(conf, "study/quick.yaml", "suites: [easy", "suites: [esay")
    assert problems(conf)[0].startswith(
        "conf/study/quick.yaml: study.suites: there is no suite 'esay'; did you mean 'easy'?"
    )


def test_a_missing_study(conf: Conf) -> None:
    assert "there is no study 'quik'; did you mean 'quick'?" in problems(conf, study="quik")[0]


def test_wrong_study_keys(conf: Conf) -> None:
    edit(conf, "study/quick.yaml", "mode: as_published", "mode: as_it_is\nmodles: []")
    text = "\n".join(problems(conf))
    assert "study.mode: should be 'as_published' or 'matched', found 'as_it_is'" in text
    assert "study.modles: unknown key" in text


def test_names_follow_files(conf: Conf) -> None:
    edit(conf, "recipe/mirage.yaml", "name: mirage", "name: mirash")
    assert "recipe.name: is 'mirash', but the file's name makes it 'mirage'" in problems(conf)[0]


def test_overrides_reach_all_recipes_but_helpers_or_one(conf: Conf) -> None:
    hydra = "recipe.tune.epochs=7 recipe.mirage.tune.epochs=9 tune.batch_size=16"
    paper = {"study": "paper", "model": "nano_internvl"}
    alone = resolve({**paper, "recipe": ["mirage"]}, conf)
    placebo = next(each.recipe for each in alone.recipes if each.helper)
    study = resolve({**paper, "hydra": hydra, "recipe": ["mirage", "vlguard_p"]}, conf)
    epochs = {each.recipe.name: each.recipe.tune.epochs for each in study.recipes}
    assert epochs == {"mirage": 9, "vlguard_p": 7, "placebo": placebo.tune.epochs}
    assert {each.tune.batch_size for each in study.recipes} == {16}


def test_a_study_may_override_and_the_command_line_wins(conf: Conf) -> None:
    path = conf.root / "study/quick.yaml"
    path.write_text(path.read_text() + "overrides: [tune.batch_size=8, tune.weight_decay=0.5]\n")
    study = resolve({"hydra": "tune.batch_size=4"}, conf)
    tune = study.recipes[0].tune
    assert (tune.batch_size, tune.weight_decay) == (4, 0.5)


def test_groups_are_chosen_by_study_and_command_line(conf: Conf) -> None:
    quick = (conf.root / "build/quick.yaml").read_text()
    (conf.root / "build/other.yaml").write_text(quick.replace("name: quick", "name: other"))
    assert resolve({"hydra": "build=other"}, conf).build.name == "other"
    assert "there is no build 'big'" in problems(conf, hydra="build=big")[0]


def test_axes_cross_every_recipe(conf: Conf) -> None:
    path = conf.root / "study/quick.yaml"
    axes = (
        "axes: {recipe.data.labels: [filler, cot], recipe.data.images: [none, composite, two]}\n"
        "exclude: [{recipe.data.labels: filler, recipe.data.images: none}]\n"
    )
    path.write_text(path.read_text() + axes)
    study = resolve({"recipe": "mirage"}, conf)
    names = [each.recipe.name for each in study.recipes if not each.helper]
    assert names == [
        "mirage_images_composite_labels_filler",
        "mirage_labels_filler",  # a value that the recipe has anyway makes no name
        "mirage_images_none",
        "mirage_images_composite",
        "mirage",
    ]
    cell = study.recipes[0].recipe
    assert (cell.data.labels, cell.data.images) == ("filler", "composite")
    assert cell.title == "MIRage: images composite, labels filler"
    (mirage,) = [r.recipe for r in resolve({}, Conf()).recipes if r.recipe.name == "mirage"]
    assert study.recipes[4].recipe == mirage


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("axes: {model.image_size: [32]}", "cannot be crossed"),
        ("axes: [{recipe.data.labels: [cot]}, {model.tag: [x]}]", "cannot be crossed"),
        ("axes: [{recipe.data.labels: [cot]}, 3]", "study.axes.1: should be keys with"),
        ("axes: {recipe.factor: [a b, a_b]}", "two variants are called 'mirage_factor_a_b'"),
        (f"axes: {{recipe.factor: [{'x' * 120}]}}", "has a name of 134 letters; 120 are possible"),
        ("axes: {recipe.data: [{lables: cot}]}", "'recipe.data.lables' is no key of conf/recipe"),
        ("axes: {recipe.data.lables: [cot]}", "is no key of conf/recipe"),
        ("axes: {recipe.data.labels: [kot]}", "No labels is called 'kot'"),
        ("axes: {recipe.data.labels: []}", "at least one value"),
        (
            "axes: {recipe.data.labels: [cot]}\nexclude: [{recipe.data.images: two}]",
            "'recipe.data.images' is no axis",
        ),
        (
            "axes: {recipe.data.labels: [cot]}\nexclude: [{recipe.data.labels: refusal}]",
            "is no value of the axis",
        ),
    ],
)
def test_wrong_axes(conf: Conf, lines: str, text: str) -> None:
    path = conf.root / "study/quick.yaml"
    path.write_text(path.read_text() + lines + "\n")
    assert text in "\n".join(problems(conf))


def test_the_base_keeps_its_name(conf: Conf) -> None:
    text = (conf.root / "recipe/mirage.yaml").read_text()
    (conf.root / "recipe/base.yaml").write_text(text.replace("name: mirage\n", "name: base\n"))
    assert "is the untuned model's name" in problems(conf, recipe="base")[0]


def test_a_binary_file_is_no_yaml(conf: Conf, tmp_path: Path) -> None:
    (conf.root / "recipe/mirage.yaml").write_bytes(b"\xff\xfe\x00")
    assert "conf/recipe/mirage.yaml" in problems(conf)[0]


def test_an_unknown_table_is_found_before_anything_runs(conf: Conf) -> None:
    edit(conf, "study/quick.yaml", "- fig4 ", "- fig6 ")
    edit(conf, "tune/default.yaml", "batch_size:", "batch_sice:")
    found = problems(conf)
    assert "there is no table 'fig6'; there are answer, fig4, asr_vs_overrefusal" in found[0]
    assert "tune.batch_sice: unknown key" in "".join(found[1:])


def test_a_wrong_study_does_not_hide_other_problems(conf: Conf) -> None:
    found = problems(conf, seeds=["a"], hydra="tune.learning_rat=1")
    assert found[0] == "--config: study.seeds.0: should be a whole number, found 'a'."
    assert "did you mean 'learning_rate'?" in found[1]
    found = problems(conf, study="nosuch", hydra="tune.learning_rat=1", recipe="mirag")
    text = "\n".join(found)
    assert "there is no study 'nosuch'" in text
    assert "there is no key 'learning_rat'" in text
    assert "--config: study.recipes: there is no recipe 'mirag'; did you mean 'mirage'?" in text
    assert len(found) == 3
    edit(conf, "study/quick.yaml", "mode: as_published", "mode: as_published\naxes: 3\nexclude: x")
    assert "study.axes.0: should be keys with values, found 3." in "\n".join(problems(conf))


@pytest.mark.parametrize(
    ("hydra", "text"),
    [
        ("recipe.mirage_twins.tune.epochs=3", "no recipe 'mirage_twins'; its recipes: mirage."),
        ("suite.gates.kind=gates", "no suite 'gates'; its suites: easy."),
    ],
)
def test_an_override_outside_the_study_is_no_silence(conf: Conf, hydra: str, text: str) -> None:
    found = problems(conf, recipe=["mirage"], suite=["easy"], hydra=hydra)
    assert len(found) == 1
    assert text in found[0]


def test_overrides_of_a_study_survive_a_shorter_list(conf: Conf) -> None:
    study = resolve({"study": "tiny", "recipe": ["mirage"]}, conf)
    assert [each.recipe.name for each in study.recipes] == ["mirage", "placebo"]


@pytest.mark.parametrize("store", [None, "", " ", ["a"]])
def test_a_store_needs_a_name(conf: Conf, store: Any) -> None:
    assert "--config: store: one folder is needed" in problems(conf, store=store)[0]


@pytest.mark.parametrize(
    ("hydra", "text"),
    [
        (
            "shape.text.hidden_size=130",
            "model.shape.text.hidden_size: hidden_size 130 should be a multiple",
        ),
        ("shape.text.kv_heads=3", "heads 4 should be a multiple of kv_heads 3"),
        ("shape.text.hidden_size=12", "hidden_size / heads is 3; rotary positions need an even"),
        (
            "shape.vision.heads=3",
            "model.shape.vision.heads: hidden_size 128 should be a multiple of",
        ),
        ("image_size=33", "image_size 33 should be a multiple of shape.vision.patch_size 8"),
        ("image_size=24", "downsample_ratio 0.5 leaves no whole number of 3 patches per side"),
        ("shape.downsample_ratio=0.75", "downsample_ratio 0.75 should be 1, 1/2, 1/3"),
    ],
)
def test_sizes_that_no_model_can_have(conf: Conf, hydra: str, text: str) -> None:
    found = problems(conf, hydra=f"model.{hydra}")
    assert len(found) == 1
    assert text in found[0]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"seeds": []}, "--config: seeds: at least 1 value is needed, found none."),
        ({"hydra": "model.tag=X-1"}, "model.tag: should hold only small letters, digits and"),
        ({"hydra": "model.base.log_every=7"}, "checkpoint_every must be a multiple of log_every."),
    ],
)
def test_problems_are_plain_sentences(conf: Conf, config: dict[str, Any], text: str) -> None:
    (found,) = problems(conf, **config)
    assert text in found
    assert "{" not in found


def test_the_same_problem_of_all_recipes_is_one_line(conf: Conf) -> None:
    path = conf.root / "recipe/mirage.yaml"  # from which the others inherit
    path.write_text(path.read_text().replace("epochs: 2", "epochs: x"))
    with pytest.raises(PlanError) as caught:
        resolve({"recipe": "[mirage,mirage_twins]"}, conf)
    head, *lines = str(caught.value).splitlines()
    assert head.startswith("1 problem in")
    wanted = "recipe.tune.epochs: should be a whole number, found 'x'."
    assert lines == [f"  - conf/recipe, in 2 recipes: {wanted}"]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("recipe.vlguard_p.data.labels=cot", "source vlguard has labels refusal, rewritten only"),
        ("recipe.vlguard_p.data.images=two", "source vlguard has images one only"),
        ("recipe.vlguard_p.data.wording=[neutral]", "wording"),
        ("recipe.vlguard_p.data.hold_out.categories=[fire]", "cannot hold out categories"),
        ("recipe.textual_sft.data.hold_out.objects=[bucket]", "cannot hold out objects"),
        ("recipe.mirage.data.benign=100", "set twins"),
        ("recipe.mirage.data.hold_out.objects=[bucekt]", "no object 'bucekt'; did you mean 'buc"),
        ("recipe.mirage.data.hold_out.edges=[nope]", "'nope' is no pair of roles"),
        ("recipe.mirage.data.hold_out.edges=[water+maisn]", "role 'maisn'; did you mean 'mains'"),
        ("recipe.mirage.data.hold_out.categories=[fier]", "category 'fier'; did you mean 'fire'"),
        ("recipe.mirage.data.labels=refusal", "source mis has label styles only: cot"),
    ],
)
def test_what_a_source_would_ignore_is_an_error(override: str, told: str) -> None:
    recipe = override.split(".")[1]
    with pytest.raises(PlanError, match=told):
        resolve({"recipe": [recipe], "hydra": [override]})
