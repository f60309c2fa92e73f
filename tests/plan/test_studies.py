"""The committed studies: what they plan, what they share, and which settings reach which ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose as hydra_compose

from build_settings import load
from mirage.files import sha256
from mirage.plan.job import Job
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.study import compose
from mirage.plan.study.compose import Conf
from mirage.plan.study.hold_out import categories, rotated
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import Resolved, resolve
from planned_jobs import jobs_of

Plan = Callable[..., dict[str, Job]]

LEFT_OUT = [["electrical", "fire"], ["heat", "chemical"], ["surface", "residue"]]


def report_of(jobs: dict[str, Job]) -> dict[str, Any]:
    (report,) = (job for job in jobs.values() if job.stage == "report")
    return report.settings


def cards(jobs: dict[str, Job]) -> dict[str, dict[str, Any]]:
    return {card["name"]: card for card in report_of(jobs)["models"]}


def changed(before: dict[str, Job], after: dict[str, Job]) -> set[str]:
    assert set(before) == set(after)
    return {name for name in before if before[name].id != after[name].id}


def tuned(jobs: dict[str, Job]) -> dict[str, str]:
    return {name: job.id for name, job in jobs.items() if job.stage == "tune"}


@pytest.mark.parametrize("study", Conf().options("study"))
def test_every_study_plans(study: str, plan: Plan) -> None:
    jobs = plan(study=study)
    assert len({job.folder for job in jobs.values()}) == len(jobs)
    assert max(len(job.name) for job in jobs.values()) < 130
    of_models = [job.name for job in jobs.values() if job.kind == "respond"]
    assert [card["name"] for card in cards(jobs).values()] == of_models
    titles = [(c["title"], c["config"], c["seed"]) for c in cards(jobs).values()]
    assert len(set(titles)) == len(titles)


def test_household_pictures_are_drawn_where_some_job_may_show_them(plan: Plan) -> None:
    assert "build/images" in plan(study="meso"), "real models, household data"
    published = plan(study="paper_qwen2_vl_7b")
    assert "build/images" not in published
    assert not [job.name for job in published.values() if "images" in job.parents]


def test_paper_is_small_and_planned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    composed = []

    def counted(**options: Any) -> Any:
        composed.append(options)
        return hydra_compose(**options)

    monkeypatch.setattr(compose, "compose", counted)
    study = resolve({"study": "paper"})
    jobs = jobs_of(study)
    assert len(composed) == 2, "one Hydra call for the study, one for all that it names"
    assert len(jobs) < 500
    assert study.build.name == "full"


def test_paper_holds_motivation_main_and_ablations(plan: Plan) -> None:
    paper = plan(study="paper")
    parts = {name: plan(study=name) for name in ("motivation", "main", "ablations")}
    models = {n: i for jobs in parts.values() for n, i in tuned(jobs).items()}
    assert models == tuned(paper)
    shown = {name: report_of(jobs) for name, jobs in (parts | {"paper": paper}).items()}
    for name in parts:
        assert set(shown[name]["study"]["tables"]) <= set(shown["paper"]["study"]["tables"])
        fixed = {suite for suite in shown[name]["suites"] if not suite.startswith("fit_")}
        assert fixed <= set(shown["paper"]["suites"])


def test_studies_share_what_they_train(plan: Plan) -> None:
    """The same recipe, model and seed is one artifact, whichever study asks for it.

    Apart stand the study that chooses the rates which the others then use, and trials.
    """
    seen: dict[str, str] = {}
    for study in Conf().options("study"):
        if study not in ("tiny", "learning_rates", "paper_standin"):
            for name, key in tuned(plan(study=study)).items():
                assert seen.setdefault(name, key) == key, (study, name)
    assert "tune/cell-s0" in seen


def test_bases_of_all_sizes_of_build_are_the_same() -> None:
    read = [load(f"build/{name}.yaml") for name in ("quick", "full", "confirm")]
    own = [{k: v for k, v in each.items() if k.startswith("base_")} for each in read]
    assert own[0] == own[1] == own[2]


def test_each_matched_recipe_has_the_same_rates_and_sizes() -> None:
    recipes = [n for n in Conf().options("recipe") if n.startswith("matched")]
    study = resolve({"recipe": ["cell", *recipes], "hydra": "study.helpers=[]"})
    assert len(recipes) == 8
    first, *others = (item.recipe for item in study.recipes)
    for recipe in others:
        assert recipe.mode == "matched"
        assert recipe.tune.lr_by_label == first.tune.lr_by_label
        assert recipe.tune.loss == first.tune.loss == "samples"
        sizes = ("unsafe", "twins", "benign", "general", "benign_kind", "source")
        assert all(getattr(recipe.data, s) == getattr(first.data, s) for s in sizes)
    steps = {item.recipe.name: item.steps for item in study.recipes}
    assert steps["matched_cot"] == steps["cell"] == 1


@pytest.mark.parametrize("style", ["cot", "short", "filler"])
def test_equal_steps_change_where_a_matched_recipe_stops_and_nothing_else(
    plan: Plan, style: str
) -> None:
    name = f"matched_{style}"
    jobs = plan(recipe=[name, f"{name}_equal_steps"])
    data, equal_data = (jobs[f"build/{n}-s0"] for n in (name, f"{name}_equal_steps"))
    fitted, equal = (jobs[f"tune/{n}-s0"].settings for n in (name, f"{name}_equal_steps"))
    assert data.settings["recipe"]["data"] == equal_data.settings["recipe"]["data"]
    stop, end = fitted["recipe"]["tune"], equal["recipe"]["tune"]
    assert (stop["epochs"], end["epochs"], end["until"]) == (None, 2, None)
    assert stop["until"]["cap"] == 1400
    differ = {key for key in stop if stop[key] != end[key]}
    assert differ == {"epochs", "until"} and {**fitted, "recipe": 0} == {**equal, "recipe": 0}


@pytest.mark.usefixtures("published_data")
def test_an_ablation_differs_from_its_parent_in_its_factor_alone() -> None:
    names = Conf().options("recipe")
    study = resolve({"recipe": names, "hydra": "study.helpers=[]"}, rehearsal=Rehearsal())
    recipes = {item.recipe.name: item.recipe for item in study.recipes}
    for recipe in recipes.values():
        if recipe.parent and recipe.factor != "stage":
            parent = recipes[recipe.parent]
            assert recipe.mode == parent.mode
            differ = {
                key
                for part in ("data", "tune")
                for key, value in getattr(recipe, part).model_dump().items()
                if getattr(parent, part).model_dump().get(key) != value
            }
            # One image or one canvas comes with a bridge to two images.
            assert differ - {"bridge"} == {recipe.factor}, recipe.name


def test_general_shares_are_those_of_table_7() -> None:
    study = {"recipe": [*SHARES, "cell"], "hydra": "study.helpers=[]"}
    found = cards(jobs_of(resolve(study)))
    assert {name: found[f"{name}-s0"]["general_share"] for name in SHARES} == SHARES
    assert found["cell-s0"]["factors"] == {
        "images": "two",
        "labels": "cot",
        "benign": "image_twins",
        "wording": "neutral",
        "steps": 1.0,
        "tokens": False,
        "size": "nano_internvl",
    }
    assert found["base-s0"]["mode"] is None


SHARES = {
    "textual_sft": 33.3,
    "textual_sft_plus": 42.9,
    "vlguard_p": 33.3,
    "vlguard_m": 33.3,
    "vlguard_r": 33.3,
    "vlguard_r_plus": 42.9,
    "vlguard_r_75": 75.0,
    "mirage_general_0": 0.0,
    "mirage": 11.3,
}


def test_categories_rotate_over_seeds(plan: Plan) -> None:
    assert [rotated(2, seed) for seed in (0, 1, 2)] == LEFT_OUT
    assert rotated(2, 103) == rotated(2, 100) == LEFT_OUT[1]
    assert [name for pair in LEFT_OUT for name in pair] == list(categories())
    jobs = plan(recipe=["mirage", "mirage_unseen"], seeds=[0, 1])
    for seed in (0, 1):
        built = jobs[f"build/mirage_unseen-s{seed}"].settings["recipe"]["data"]["hold_out"]
        assert built == {"objects": [], "edges": [], "categories": LEFT_OUT[seed]}
        assert cards(jobs)[f"mirage_unseen-s{seed}"]["held_out"] == LEFT_OUT[seed]
        assert cards(jobs)[f"mirage-s{seed}"]["held_out"] == []


def test_a_wrong_category_is_found(conf: Conf) -> None:
    path = conf.root / "recipe/mirage.yaml"
    path.write_text(path.read_text().replace("categories: []", "categories: [fyre]"))
    with pytest.raises(PlanError, match="there is no category 'fyre'; did you mean 'fire'"):
        resolve({}, conf)


def test_a_recipe_mixed_into_the_base_has_a_base_of_its_own(plan: Plan) -> None:
    jobs = plan(recipe=["vlguard_p", "vlguard_m"])
    mixed, base = jobs["tune/vlguard_m-s0"], jobs["tune/base-s0"]
    assert mixed.kind == "base"
    assert mixed.settings == base.settings
    data = [jobs["build/base-s0"].folder, jobs["build/vlguard_m-s0"].folder]
    assert mixed.parents["data"] == data
    assert base.parents["data"] == data[:1]
    assert "fit_vlguard_m_s0" in jobs["respond/vlguard_m-s0"].settings["suites"]
    assert cards(jobs)["vlguard_m-s0"]["parent"] == "vlguard_p"


def test_only_reasoning_models_have_other_data(plan: Plan) -> None:
    jobs, alone = plan(study="motivation"), plan(study="motivation", model="nano_internvl")
    assert all(jobs[n].id == alone[n].id for n in alone if alone[n].stage in ("build", "tune"))
    thought = jobs["build/vlguard_p-reasoning-s0"]
    assert thought.settings["answers"] == "thought"
    assert "answers" not in jobs["build/vlguard_p-s0"].settings
    assert "answers" not in jobs["tune/base-s0"].settings["model"]
    assert jobs["tune/vlguard_p-reasoning-s0"].parents["data"] == [thought.folder]
    asked = jobs["respond/vlguard_p-reasoning-s0"].settings["suites"]
    assert "fit_vlguard_p_reasoning_s0" in asked
    assert "tune/vlguard_m-reasoning-s0" not in jobs
    assert cards(jobs)["base-reasoning-s0"]["answers"] == "thought"


def test_models_that_answer_alike_share_their_data(plan: Plan) -> None:
    jobs = plan(study="bases")
    data = {tuple(jobs[f"tune/mirage{tag}-s0"].parents["data"]) for tag in ("", "-qwen", "-llava")}
    assert len(data) == 1


CHAIN = {f"{s}cell-s0" for s in ("tune/", "respond/", "judge/oracle-", "score/oracle-")}
END = {"score/quick-oracle", "report/quick"}


@pytest.mark.parametrize(
    ("override", "want"),
    [
        ("recipe.cell.tune.lr_by_label.short_refusal=0.7", set()),
        ("recipe.cell.tune.lr_by_label.cot=0.7", CHAIN | END),
        ("recipe.cell.tune.loss=tokens", CHAIN | END),
        ("recipe.cell.tune.supervised_tokens=1000", CHAIN | END),
        ("++recipe.cell.tune.into_base=false", set()),
        ("++recipe.mirage.data.benign_kind=text_twins", set()),
        ("++recipe.mirage.data.hold_out.rotate_categories=0", set()),
        ("++study.published=true", {"report/quick"}),
    ],
)
def test_settings_reach_what_they_decide(plan: Plan, override: str, want: set[str]) -> None:
    before = plan(recipe=["mirage", "cell"], seeds=0)
    assert changed(before, plan(recipe=["mirage", "cell"], seeds=0, hydra=[override])) == want


def test_a_factor_of_a_label_is_in_the_rate(plan: Plan) -> None:
    after = plan(recipe="cell", hydra=["recipe.cell.tune.lr_by_label.cot=0.7"])
    tune = after["tune/cell-s0"].settings["recipe"]["tune"]
    assert tune["learning_rate"] == pytest.approx(0.7 * 1e-3)
    assert not {"lr_by_label", "lr_ratio"} & tune.keys()


def test_equal_cells_of_two_blocks_are_one_model() -> None:
    study = resolve({"study": "factorial"})
    names = [item.recipe.name for item in study.recipes if not item.helper]
    assert names.count("cell") == names.count("cell_labels_short_refusal") == 1
    assert len(names) == len(set(names)) == 20 + (16 - 2)
    data = {name: item.recipe.data for name, item in zip(names, study.recipes, strict=False)}
    assert data["cell_wording_explicit_labels_short_refusal_benign_kind_none"].twins == 1963


def test_points_of_the_scaling_study_take_equal_steps() -> None:
    recipes = resolve({"study": "scaling"}).recipes
    assert {item.steps for item in recipes} == {1.0}
    assert len({item.recipe.data.unsafe for item in recipes}) >= 6
    assert "cell" in {item.recipe.name for item in recipes}


def test_steps_and_tokens_are_compared_with_cells_of_the_factorial() -> None:
    whole, more = (
        {item.recipe.name for item in resolve({"study": name}).recipes if not item.helper}
        for name in ("factorial", "sensitivity")
    )
    assert len(more) == (9 - 3) + 5 + 5  # steps; tokens; the cells that both are held against
    assert len(more & whole) == 5
    assert all("epochs" in name or "tokens" in name for name in more - whole)


def test_every_size_takes_the_core_cells_of_the_factorial(plan: Plan) -> None:
    jobs = plan(study="sizes")
    of_s0 = {n.removesuffix("-s0") for n in tuned(jobs) if n.endswith("-s0")}
    core = {n for n in of_s0 if not n.endswith(("-small", "-large"))}
    assert len(core) == 5  # base, images x labels
    assert core < {n.removesuffix("-s0") for n in tuned(plan(study="factorial"))}
    for size in ("small", "large"):
        assert {n.removesuffix(f"-{size}-s0") for n in tuned(jobs) if f"-{size}-s0" in n} == core
    assert cards(jobs)["cell-large-s0"]["factors"]["size"] == "nano_large"


def test_a_study_may_ask_few(plan: Plan) -> None:
    jobs = plan(study="paper")
    asked = {n: j.settings["suites"] for n, j in jobs.items() if j.stage == "respond"}
    assert "conflict" in asked["respond/mirage-s0"]
    assert "conflict" not in asked["respond/mirage_no_cot_short-s0"]
    assert asked["respond/placebo-s0"] == ["placebo", "fit_placebo_s0"]
    assert "gates" in asked["respond/base-reasoning-s0"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "recipes_by_model: {nano: [mirage]}",
            "study.recipes_by_model: the study has no model 'nano'",
        ),
        (
            "recipes_by_model: {nano_internvl: [mirag]}",
            "has no recipe 'mirag'; did you mean 'mirage'?",
        ),
        ("seeds_by_recipe: {mirag: [0]}", "has no recipe 'mirag'; did you mean 'mirage'?"),
        ("answered_by: {hrad: [mirage]}", "study.answered_by: the study has no suite 'hrad'"),
        (
            "answered_by: {hard: [base, mirag]}",
            "study.answered_by.hard: the study has no recipe 'mirag'",
        ),
        ("mode: matched", "recipe.mode: is as_published, but the study 'quick' shows matched"),
    ],
)
def test_wrong_studies(conf: Conf, line: str, text: str) -> None:
    path = conf.root / "study/quick.yaml"
    path.write_text(path.read_text().replace("mode: as_published", line))
    with pytest.raises(PlanError) as caught:
        resolve({}, conf)
    assert text in str(caught.value)


def test_only_may_name_what_the_command_line_left_out() -> None:
    study = resolve({"study": "motivation", "recipe": "textual_sft"})
    assert [item.recipe.name for item in study.recipes] == ["textual_sft"]


def with_reports(conf: Conf, folder: Path) -> Resolved:
    return resolve({"study": "paper"}, Conf(conf.root, folder))


def test_claims_reach_scores_and_reports_alone(conf: Conf, tmp_path: Path) -> None:
    for name in ("claims.yaml", "paper_contrasts.yaml", "tables.yaml"):
        (tmp_path / name).write_bytes((conf.reports / name).read_bytes())
    before = with_reports(conf, tmp_path)
    claims = tmp_path / "claims.yaml"
    claims.write_text(claims.read_text(encoding="utf-8") + "# another byte\n", encoding="utf-8")
    after = with_reports(conf, tmp_path)
    both = [jobs_of(study) for study in (before, after)]
    assert changed(*both) == {"score/paper-oracle", "report/paper"}
    settings = both[1]["score/paper-oracle"].settings
    gates = (conf.root / "score" / "default.yaml").read_bytes()
    assert settings["claims"]["sha256"] == sha256(claims.read_bytes() + gates)
    assert len(settings["paper_contrasts"]["contrasts"]) >= 20
    assert after.ledger.claims is not None
    assert set(after.ledger.claims.claims) == {f"C{n}" for n in range(1, 15)} | {"H1", "H2", "H3"}
    quick = jobs_of(resolve({}))["score/quick-oracle"]
    assert not {"claims", "paper_contrasts"} & set(quick.settings)


def test_claims_that_name_nothing_are_found(conf: Conf, tmp_path: Path) -> None:
    text = (conf.reports / "claims.yaml").read_text(encoding="utf-8")
    wrong = text.replace("recipe: mirage, suite: hard", "recipe: mirag, suite: hadr")
    (tmp_path / "claims.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        with_reports(conf, tmp_path)
    told = str(caught.value)
    assert "reports/paper_contrasts.yaml: is missing." in told
    assert "reports/claims.yaml: claims.C1.asr: there is no suite 'hadr'" in told
    assert "there is no recipe 'mirag'; did you mean 'mirage'?" in told


def test_what_the_claims_read_is_in_confirm(plan: Plan) -> None:
    study = resolve({"study": "confirm"})
    assert study.ledger.claims is not None
    assert study.study.seeds == list(study.ledger.claims.seeds.listed())
    recipes = {item.recipe.name for item in study.recipes} | {"base"}
    suites = {suite.name for suite in study.suites}
    for name, claim in study.ledger.claims.claims.items():
        quantities = [part.quantity for part in claim.parts] + [b.quantity for b in claim.beside]
        for term in (term for quantity in quantities for term in quantity.terms):
            assert term.recipe in recipes, name
            assert term.suite in suites, name
            assert term.recipe in study.study.answered_by.get(term.suite, [term.recipe]), name
    some = plan(study="confirm", seeds=[200, 203, 205])
    assert {"tune/mirage-s205", "tune/matched_cot-s203", "tune/placebo_text-s200"} <= set(some)
    assert not {"tune/matched_cot-s205", "tune/placebo_text-s203"} & set(some)
    whole = plan(study="confirm")
    kept = {n for n in some if n in whole and some[n].id == whole[n].id}
    assert set(some) - kept == {"score/confirm-oracle", "report/confirm"}
