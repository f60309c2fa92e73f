from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mirage.plan.compose import Conf
from mirage.plan.problems import PlanError
from mirage.plan.resolve import resolve
from mirage.plan.schema.study import TABLES


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
    assert "conf/recipe/mirage.yaml: recipe.data.labels: should be 'cot'" in text
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


def test_overrides_reach_all_recipes_or_one(conf: Conf) -> None:
    hydra = "recipe.tune.epochs=7 recipe.mirage.tune.epochs=9 tune.batch_size=16"
    study = resolve({"hydra": hydra, "recipe": ["mirage", "vlguard_p"]}, conf)
    epochs = {each.recipe.name: each.recipe.tune.epochs for each in study.recipes}
    assert epochs == {"mirage": 9, "vlguard_p": 7, "placebo": 7}
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
        "axes: {recipe.data.labels: [refusal, cot], recipe.data.images: [none, one, two]}\n"
        "exclude: [{recipe.data.labels: refusal, recipe.data.images: none}]\n"
    )
    path.write_text(path.read_text() + axes)
    study = resolve({"recipe": "mirage"}, conf)
    names = [each.recipe.name for each in study.recipes if not each.helper]
    assert names == [
        "mirage_labels_refusal_images_one",
        "mirage_labels_refusal_images_two",
        "mirage_labels_cot_images_none",
        "mirage_labels_cot_images_one",
        "mirage_labels_cot_images_two",
    ]
    cell = study.recipes[0].recipe
    assert (cell.data.labels, cell.data.images) == ("refusal", "one")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("axes: {model.image_size: [32]}", "cannot be crossed"),
        ("axes: {recipe.data.lables: [cot]}", "is no key of conf/recipe"),
        ("axes: {recipe.data.labels: [kot]}", "should be 'cot'"),
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


def test_tables_are_those_that_the_report_makes() -> None:
    from mirage.report.build import BLOCKS

    assert set(TABLES) == set(BLOCKS)


def test_an_unknown_table_is_found_before_anything_runs(conf: Conf) -> None:
    edit(conf, "study/quick.yaml", "- fig4 ", "- fig5 ")
    edit(conf, "tune/default.yaml", "batch_size:", "batch_sice:")
    found = problems(conf)
    assert "there is no table 'fig5'; there are fig4, asr_vs_overrefusal" in found[0]
    assert "tune.batch_sice: unknown key" in "".join(found[1:])
