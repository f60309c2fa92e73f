"""Settings that once ended in a traceback, or in silence: each is a sentence with file and key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from test_resolve import edit
from test_resolve import problems as problems_of

from mirage.cli import run
from mirage.context import ConfigError
from mirage.plan import packages
from mirage.plan.code_version import EXTRA
from mirage.plan.dag import make_plan, open_plan
from mirage.plan.study.compose import Conf
from mirage.plan.study.options import from_words
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve
from mirage.plan.study.strict_yaml import read_mapping


def problems(conf: Conf, **config: Any) -> list[str]:
    return problems_of(conf, **{"study": "tiny", **config})


@pytest.mark.parametrize(
    ("hydra", "text"),
    [
        ("tune.learning_rate=inf", "tune.learning_rate: should be a finite number, found inf."),
        ("tune.learning_rate=nan", "tune.learning_rate: should be a finite number, found nan."),
        ("recipe.mirage.tune.lr_ratio=inf", "recipe.mirage.tune.lr_ratio: should be a finite"),
        ("recipe.mirage.data.unsafe=true", "unsafe: should be a whole number, found True."),
        ("recipe.mirage.data.unsafe=-3", "should be greater than or equal to 0, found -3."),
        ("recipe.mirage.data.unsafe=2.5", "should be a whole number, found 2.5."),
        ("score.seed=-1", "score.seed: should be greater than or equal to 0, found -1."),
        ("recipe.mirage.tune.parts=[]", "recipe.mirage.tune.parts: at least 1 value is"),
        ("respond.speed.batch_sizes=[]", "speed.batch_sizes: at least 1 value is needed"),
        ("tune.batch_size='${nothing.here}'", "tune.batch_size: '${nothing.here}' cannot be"),
        ("tune.batch_size='${tune'", "tune.batch_size"),
    ],
)
def test_values_that_no_run_can_use(conf: Conf, hydra: str, text: str) -> None:
    (problem,) = problems(conf, hydra=[hydra])
    assert text in problem
    assert "\n" not in problem
    assert problem.startswith("--config hydra: ")


def test_a_value_is_blamed_on_what_set_it_last(conf: Conf) -> None:
    path = conf.root / "study/tiny.yaml"
    path.write_text(path.read_text() + "  - tune.learning_rate=-1\n")
    (problem,) = problems(conf)
    assert problem.startswith("conf/study/tiny.yaml: tune.learning_rate: should be greater")
    (problem,) = problems(conf, hydra="tune.learning_rate=-2")
    assert problem.startswith("--config hydra: tune.learning_rate: should be greater")
    (problem,) = problems(conf, hydra="tune.learning_rate=1 recipe.mirage.data={unsafe: -1}")
    assert problem.startswith("--config hydra: recipe.mirage.data.unsafe: should be greater")
    (problem,) = problems(conf, hydra="tune.learning_rate=1 study.seeds=[-1]")
    assert problem.startswith("--config hydra: study.seeds.0: should be greater")


@pytest.mark.parametrize(
    ("hydra", "text"),
    [
        ("tune.log_every=3 tune.learning_rate=1", "tune.log_every: checkpoint_every must be a"),
        ("recipe.mirage.data.resize=fit", "recipe.mirage.data.resize: source mis takes no resize"),
        ("suite.hard.path=/tmp", "suite.hard.path: kind own needs a path"),
    ],
)
def test_keys_that_do_not_go_together_are_blamed_on_what_set_one(
    conf: Conf, hydra: str, text: str
) -> None:
    (problem,) = problems(conf, hydra=hydra)
    assert problem.startswith(f"--config hydra: {text}")


def test_an_override_beside_a_wrong_file_is_not_blamed(conf: Conf) -> None:
    edit(conf, "study/tiny.yaml", "  - tune.log_every=1\n", "")
    edit(conf, "study/tiny.yaml", "  - tune.checkpoint_every=2 ", "  # ")
    edit(conf, "tune/default.yaml", "log_every: 5", "log_every: 3")
    (problem,) = problems(conf, hydra="tune.learning_rate=1")
    assert problem.startswith("conf/tune/default.yaml: tune: checkpoint_every must be")


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"hydra": "study.recipes=[nope]"}, "--config hydra: study.recipes: there is no recipe"),
        ({"data": "nope"}, "--config: world: there is no world 'nope'"),
        ({"hydra": "tune=nope"}, "--config hydra: tune: there is no tune 'nope'"),
        ({"study": "nope", "hydra": "study.seeds=[1]"}, "--config: study: there is no study"),
        ({"recipe": "[]"}, "--config: recipe: at least 1 value is needed, found none."),
        ({"model": []}, "--config: model: at least 1 value is needed, found none."),
    ],
)
def test_one_mistake_is_one_problem(conf: Conf, config: dict[str, Any], text: str) -> None:
    (problem,) = problems(conf, **config)
    assert problem.startswith(text)


def test_an_optional_key_that_the_file_leaves_out(conf: Conf) -> None:
    study = resolve({"study": "tiny", "hydra": ["recipe.tune.loss=samples"]}, conf)
    # The recipes of gates are left alone by what is said of all recipes.
    losses = {item.recipe.name: item.recipe.tune.loss for item in study.recipes}
    assert losses["mirage"] == "samples"
    free = resolve({"study": "tiny", "hydra": ["recipe.mirage.tune.lr_by_label.cot=0.5"]}, conf)
    assert free.recipes[0].recipe.tune.lr_by_label == {"cot": 0.5}
    deep = resolve({"study": "tiny", "hydra": ["judge.oracle.options.a.b=1"]}, conf)
    assert deep.judges[0].options == {"a": {"b": 1}}
    (problem, *_) = problems(conf, hydra=["recipe.tune.los=samples"])
    assert "there is no key 'los'; did you mean 'loss'? Keys there: epochs," in problem


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("hydra", "track.uri=ftp://hunter2@h", "found 'ftp://***@h'"),
        ("track", "https://hunter2@h", "there is no track 'https://***@h'"),
        ("hydra", "track.uri=ftp://u:hunter2@h", "should begin with sqlite:///, postgresql://"),
        ("hydra", "track.uri=[postgresql://u:hunter2@h]", "should be text, found"),
        ("hydra", "track.uri=http://h:5000/?password=hunter2", "***' is not an override of"),
        ("hydra", "track.uri=http://h/?api_token=hunter2", "***' is not an override of"),
        ("hydra", "track.uri=http://u:hunter2#@h", "is not an override of"),
        ("track", "postgresql://u:hunter2@h", "there is no track 'postgresql://u:***@h'"),
        ("hydra", "track.uri=ftp://tok@hunter2@h", "found 'ftp://***@h'"),
        ("hydra", "report.browser.mlflow=https://u:hunter2@h", "browser.mlflow: holds a password"),
        ("hydra", "report.browser.mlflow=https://hunter2@h/x", "browser.mlflow: holds a password"),
    ],
)
def test_problems_show_no_password(conf: Conf, key: str, value: str, text: str) -> None:
    (problem,) = problems(conf, **{key: value})
    assert "hunter2" not in problem
    assert text in problem


def test_yes_is_no_number_of_samples(conf: Conf) -> None:
    edit(conf, "study/tiny.yaml", "  - recipe.mirage.data.unsafe=48\n", "")
    edit(conf, "recipe/mirage.yaml", "unsafe: 3927", "unsafe: yes")
    (problem,) = problems(conf)
    wanted = "conf/recipe/mirage.yaml: recipe.data.unsafe: should be a whole number, found True."
    assert wanted in problem


@pytest.mark.parametrize(
    ("name", "old", "new", "text"),
    [
        (
            "tune/default.yaml",
            "batch_size:",
            "log_every: 3\nbatch_size:",
            "the key 'log_every' stands on line",
        ),
        (
            "recipe/mirage.yaml",
            "  epochs: 2",
            "  epochs: 2\n  epochs: 3",
            "the key 'epochs' stands on line",
        ),
        (
            "tune/default.yaml",
            "schedule: ",
            "schedule: ${tune.nope} # ",
            "'${tune.nope}' cannot be",
        ),
        (
            "tune/default.yaml",
            "schedule: ",
            "schedule: ${tune # ",
            "'${tune' is no complete ${...}",
        ),
        (
            "recipe/mirage.yaml",
            'title: "MIRage"',
            'title: "${"',
            "conf/recipe/mirage.yaml: title: '${' is no complete ${...}",
        ),
        (
            "config.yaml",
            "store: results",
            "store: ${",
            "'${' is no complete ${...}",
        ),
        (
            "config.yaml",
            "store: results",
            "store: results\nstore: other",
            "the key 'store' stands on",
        ),
    ],
)
def test_files_that_say_two_things_or_half_of_one(
    conf: Conf, name: str, old: str, new: str, text: str
) -> None:
    edit(conf, name, old, new)
    (problem,) = problems(conf)
    assert f"conf/{name}" in problem
    assert text in problem


def test_an_unknown_key_is_told_with_those_of_its_own_block(conf: Conf) -> None:
    edit(conf, "model/tiny.yaml", "  threads:", "  treads: 1\n  threads:")
    (problem,) = problems(conf)
    assert "model.base.treads: unknown key; allowed here: threads, optimizer," in problem


def test_a_good_interpolation_is_filled_in(conf: Conf) -> None:
    edit(conf, "score/default.yaml", "alpha:", "alpha: ${.min_coverage} # ")
    (problem,) = problems(conf)
    assert "score.alpha: should be less than 0.5" in problem


def test_a_recipe_that_inherits_from_itself(conf: Conf) -> None:
    edit(conf, "recipe/mirage.yaml", "name: mirage\n", "defaults: [mirage, _self_]\nname: mirage\n")
    assert "inherits from itself: mirage <- mirage" in problems(conf)[0]
    edit(conf, "recipe/mirage.yaml", "defaults: [mirage,", "defaults: [miarge,")
    assert "there is no recipe 'miarge'; did you mean 'mirage'?" in problems(conf)[0]


def test_a_file_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * 5000 + "]" * 5000)
    (problem,) = read_mapping(path, "conf/deep.yaml")[1]
    assert "nested too deeply" in str(problem)


def test_extra_options_stand_beside_the_suite_s_own(conf: Conf, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "conf/recipe").mkdir(parents=True)
    text = (conf.root / "recipe/mirage.yaml").read_text()
    (folder / "conf/recipe/my_recipe.yaml").write_text(
        text.replace("name: mirage\n", "name: my_recipe\n").replace("epochs: 2", "epochs: 5")
    )
    study = resolve({"study": "tiny", "recipe": "my_recipe", "extra": str(folder)}, conf)
    assert study.extra == folder
    assert [item.recipe.name for item in study.recipes] == ["my_recipe", "placebo"]
    (problem,) = problems(conf, recipe="my_recip", extra=str(folder))
    assert "did you mean 'my_recipe'?" in problem
    (problem,) = problems(
        conf, recipe="my_recipe", extra=str(folder), hydra="recipe.my_recipe.data.unsafe=-1"
    )
    assert problem.startswith("--config hydra: recipe.my_recipe.data.unsafe")
    (folder / "conf/recipe/my_recipe.yaml").write_text(text)
    (problem,) = problems(conf, recipe="my_recipe", extra=str(folder))
    assert problem.startswith(f"{folder}/conf/recipe/my_recipe.yaml: recipe.name")


def test_extra_from_the_environment(
    conf: Conf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EXTRA, str(tmp_path / "nowhere"))
    (problem,) = problems(conf)
    assert "there is no folder" in problem
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv(EXTRA, str(tmp_path / "mine"))
    assert resolve({"study": "tiny"}, conf).extra == tmp_path / "mine"


def test_an_extra_option_may_not_replace_one(conf: Conf, tmp_path: Path) -> None:
    (tmp_path / "mine/conf/recipe").mkdir(parents=True)
    (tmp_path / "mine/conf/recipes").mkdir()
    (tmp_path / "mine/conf/recipe/mirage.yaml").write_text("name: mirage\n")
    (tmp_path / "mine/conf/recipes/x.yaml").write_text("name: x\n")
    text = "\n".join(problems(conf, extra=str(tmp_path / "mine")))
    assert "the suite has a recipe 'mirage' of its own; give yours another name" in text
    assert (
        "there is no group of settings 'recipes'; did you mean 'recipe'? There are: world" in text
    )


@pytest.mark.parametrize("override", ["world.image_size=48", "model.image_size=64"])
def test_pictures_of_another_size_than_the_model_reads(conf: Conf, override: str) -> None:
    (problem,) = problems(conf, hydra=[override])
    world, model = (48, 32) if override.startswith("world") else (32, 64)
    assert f"reads pictures of {model} pixels, but those of the world have {world}." in problem
    file = "--config hydra" if override.startswith("model") else "conf/model/tiny.yaml"
    assert problem.startswith(f"{file}: model.image_size: ")
    assert f'hydra="world.image_size={model}"' in problem
    resolve({"study": "tiny", "hydra": ["world.image_size=64", "model.image_size=64"]}, conf)


def test_a_model_of_the_users_reads_the_worlds_pictures_too(conf: Conf, tmp_path: Path) -> None:
    mine = tmp_path / "extra/conf/model/mine.yaml"
    mine.parent.mkdir(parents=True)
    text = (conf.root / "model/tiny.yaml").read_text()
    mine.write_text(text.replace("name: tiny", "name: mine").replace("size: 32\n", "size: 64\n", 1))
    (problem,) = problems(conf, extra=str(tmp_path / "extra"), model="mine")
    assert problem.startswith(f"{mine}: model.image_size: the model reads pictures of 64 pixels")


def test_more_threads_than_cores_are_found_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    command = ["plan", "study=tiny", f"store={tmp_path}"]
    for key in ("tune", "respond", "model.base"):
        assert run([*command, f"hydra={key}.threads=64"]) == 1
        said = capsys.readouterr().err
        assert "-tiny-s0: would compute with 64 threads, but this machine has 2 cores. Set" in said
        assert said.startswith("error: 1 problem in") and said.count("\n") == 2
    assert run(command) == 0


def test_an_engine_that_is_not_installed_is_found_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = packages.find_spec
    absent = monkeypatch.setattr
    absent(packages, "find_spec", lambda name: None if name == "deepspeed" else find(name))
    command = ["plan", "study=tiny", f"store={tmp_path}"]
    assert run(command) == 0
    assert "Not here yet" not in capsys.readouterr().out
    lacks = f"Jobs of this study compute with deepspeed, which {sys.executable} lacks. Install it: "
    lacks += f"{sys.executable} -m pip install -r envs/deepspeed.txt"
    assert run([*command, "hydra=tune.engine=deepspeed"]) == 0
    _, missing = capsys.readouterr().out.split("Not here yet; a run would refuse to start")
    assert f"\n  - {lacks}\n" in missing and missing.count("  - ") == 1
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    with pytest.raises(PlanError) as refused:
        open_plan(from_words([*command[1:], "hydra=tune.engine=deepspeed"]), main=True)
    assert [problem.text for problem in refused.value.problems] == [lacks]


def test_what_jobs_lack_is_told_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    keys = "tune.threads=64 recipe.tune.loss=os:system recipe.mirage.data.labels=nope:nope"
    assert run(["plan", "study=tiny", f"store={tmp_path}", f"hydra={keys}"]) == 1
    _, *lines = capsys.readouterr().err.splitlines()
    for line, text in zip(
        sorted(lines),
        (
            "build mirage-s0: 'nope:nope': there is no module nope. Put its folder on PYTHONPATH",
            "tune mirage-tiny-s0: 'os:system': os belongs to a library, and ids hold the code of",
            "tune mirage-tiny-s0: would compute with 64 threads, but this machine has 2 cores.",
        ),
        strict=True,
    ):
        assert line.startswith(f"  - {text}")


def test_site_data_and_settings_are_told_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MIRAGE_SITE", "nowhere")
    suite = tmp_path / "extra/conf/suite/mine.yaml"
    suite.parent.mkdir(parents=True)
    suite.write_text(f"name: mine\nkind: own\npath: {tmp_path}/gone.jsonl\n")
    config = {"study": "tiny", "suite": "[easy,mine]", "extra": str(tmp_path / "extra")}
    with pytest.raises(PlanError) as caught:
        make_plan({**config, "store": str(tmp_path / "s"), "hydra": "tune.learning_rate=inf"})
    site, data, rate = sorted(map(str, caught.value.problems), key=lambda text: "tune" in text)
    assert site.startswith("MIRAGE_SITE: there is no site file ")
    assert data.startswith(f"{suite}: suite.path: {tmp_path}/gone.jsonl does not exist.")
    assert rate.startswith("--config hydra: tune.learning_rate: should be a finite number")


def test_a_plan_reads_own_code_and_never_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EXTRA, "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_loss.py").write_text("LIMIT = 3\nraise SystemExit('was run')\n")
    config = {"study": "tiny", "store": str(tmp_path / "s"), "extra": str(tmp_path)}
    with pytest.raises(PlanError) as caught:
        make_plan({**config, "hydra": "recipe.mirage.tune.loss=my_loss:LIMIT"})
    (problem,) = map(str, caught.value.problems)
    assert problem.endswith(f"'my_loss:LIMIT': {tmp_path}/my_loss.py has no function 'LIMIT'.")


def test_keys_that_snakemake_drops_end_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--config", "study=quick", "study=tiny", f"store={tmp_path / 's'}"]
    monkeypatch.setattr(sys, "argv", ["snakemake", *words])
    with pytest.raises(ConfigError, match="study stands on the command line twice"):
        open_plan({"study": "tiny", "store": str(tmp_path / "s")}, main=True)
    assert not (tmp_path / "s").exists()
