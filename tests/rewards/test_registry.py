"""The registry: what may register, how it is found, and what a broken plug-in does to the others."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from importlib import metadata
from typing import ClassVar

import pytest

from synthetic1 import Scorer, Task, Verdict, Verifier, register, score
from synthetic1.rewards import registry
from synthetic1.rewards.code_understanding import CodeUnderstanding
from synthetic1.rewards.registry import UnknownTaskType, get_verifier, known_task_types


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    """Each test registers into a copy."""
    get_verifier("code_output_prediction")
    monkeypatch.setattr(registry, "_classes", dict(registry._classes))
    monkeypatch.setattr(registry, "_aliases", dict(registry._aliases))
    monkeypatch.setattr(registry, "_broken_plugins", {})


@dataclass(frozen=True)
class Shout(Verifier):
    version: ClassVar[int] = 1
    letters: int = 1
    workers: int = field(default=4, compare=False)

    async def verify(self, task, completion):
        return Verdict.graded(float(completion.answer == "!" * self.letters))


def test_a_registered_verifier_scores_its_task_type():
    register("shout", aliases=("yell",))(Shout)
    for name in ("shout", "yell"):
        assert score(Task(problem_id="1", task_type=name, prompt="p"), "!").score == 1
    assert Shout.task_type == "shout"
    assert "shout" in known_task_types()
    assert "yell" not in known_task_types()


def test_settings_reach_the_verifier():
    register("shout")(Shout)
    assert get_verifier("shout", letters=3) == Shout(letters=3)


def test_key_names_type_version_and_deciding_settings():
    assert Shout().key == Shout(workers=9).key
    assert len({Shout().key, Shout(letters=2).key, CodeUnderstanding().key}) == 3
    older = Shout().key
    try:
        Shout.version = 2
        assert Shout().key != older
    finally:
        Shout.version = 1


def test_built_in_types_and_aliases():
    assert get_verifier("code_output_prediction") == get_verifier("verifiable_code_understanding")
    assert "code_output_prediction" in known_task_types()


def test_unknown_type_is_one_line_that_names_the_known_ones():
    with pytest.raises(UnknownTaskType, match=r"`poetry`.*code_output_prediction") as error:
        get_verifier("poetry")
    assert "\n" not in str(error.value)


def test_unknown_setting_is_one_line_that_names_the_known_ones():
    register("shout")(Shout)
    with pytest.raises(TypeError, match="no setting `loudness`; it has: letters, workers"):
        get_verifier("shout", loudness=3)


def not_frozen():
    @dataclass
    class V(Shout):
        pass

    return V


def no_dataclass():
    class V(Shout):
        pass

    return V


def no_version():
    @dataclass(frozen=True)
    class V(Verifier):
        async def verify(self, task, completion):
            return Verdict.graded(1.0)

    return V


def not_async():
    @dataclass(frozen=True)
    class V(Verifier):
        version: ClassVar[int] = 1

        def verify(self, task, completion):
            return Verdict.graded(1.0)

    return V


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (not_frozen, "frozen"),
        (no_dataclass, "frozen dataclass"),
        (no_version, "version"),
        (not_async, "async def"),
        (lambda: int, "not a subclass"),
        (lambda: 3, "not a subclass"),
    ],
)
def test_what_may_not_register(make, message):
    with pytest.raises(TypeError, match=message):
        register("mine")(make())
    assert "mine" not in known_task_types()


def test_two_classes_for_one_type():
    @dataclass(frozen=True)
    class Whisper(Shout):
        pass

    register("shout", aliases=("yell",))(Shout)
    for name in ("shout", "yell"):
        with pytest.raises(ValueError, match=r"verified by .*Shout already, not by .*Whisper"):
            register(name)(Whisper)
    register("shout")(Shout)  # the same class again is a reload


@pytest.mark.parametrize("imported", [True, False])
@pytest.mark.parametrize(
    ("task_type", "aliases"),
    [
        ("code_output_prediction", ()),
        ("verifiable_code_understanding", ()),  # an alias of the built-in type
        ("mine", ("code_output_prediction",)),
        ("mine", ("verifiable_code_understanding",)),
    ],
)
def test_what_is_built_in_is_taken_imported_or_not(task_type, aliases, imported, monkeypatch):
    if not imported:
        monkeypatch.setattr(registry, "_classes", {})
    before = dict(registry._classes), dict(registry._aliases)
    with pytest.raises(ValueError, match=r"is verified by synthetic1.rewards.code_understanding.* not by .*Shout"):
        register(task_type, aliases=aliases)(Shout)
    assert (registry._classes, registry._aliases) == before


def test_the_built_in_module_may_be_reloaded():
    register("code_output_prediction", aliases=("verifiable_code_understanding",))(CodeUnderstanding)


def test_an_alias_is_no_task_type_even_for_its_own_class():
    register("shout", aliases=("yell",))(Shout)
    with pytest.raises(ValueError, match="`yell` is an alias of `shout`: register `shout`"):
        register("yell")(Shout)
    assert Shout.task_type == "shout"


@pytest.fixture
def plugins(monkeypatch):
    """Real entry points, of a distribution that is on sys.path but was never imported."""

    def install(tmp_path, modules, entry_points):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        info = tmp_path / "a_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = {value}" for name, value in entry_points.items())
        (info / "entry_points.txt").write_text(f"[{registry.ENTRY_POINTS}]\n{lines}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(registry, "_plugins_loaded", False)

    return install


GOOD = """
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
from synthetic1 import Verdict, Verifier, register

{decorator}
@dataclass(frozen=True)
class Good(Verifier):
    version: ClassVar[int] = 1
    async def verify(self, task, completion):
        return Verdict.graded(1.0)
"""


def test_plugins_are_found_and_a_broken_one_hides_no_other(tmp_path, plugins, caplog):
    plugins(
        tmp_path,
        {
            "plugin_bare": GOOD.format(decorator=""),
            "plugin_decorated": GOOD.format(decorator="@register('decorated', aliases=('decked',))"),
            "plugin_broken": "import a_module_that_is_not_there",
        },
        {
            "broken": "plugin_broken:Gone",
            "bare": "plugin_bare:Good",
            "decorated": "plugin_decorated:Good",
            "missing": "plugin_bare:Nothing",
        },
    )
    assert len(metadata.entry_points(group=registry.ENTRY_POINTS)) == 4
    for name in ("bare", "decorated", "decked"):
        assert score(Task(problem_id="1", task_type=name, prompt="p"), "x").score == 1
    assert pickle.loads(pickle.dumps(get_verifier("bare"))) == get_verifier("bare")
    with pytest.raises(UnknownTaskType, match=r"plug-in for task type `broken`.*a_module_that_is_not_there"):
        get_verifier("broken")
    with pytest.raises(UnknownTaskType, match=r"no verifier for task type `other`.*bare.*decorated"):
        get_verifier("other")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [("broken" in line, "missing" in line) for line in told] == [(True, False), (False, True)]


@pytest.mark.parametrize("imported", [True, False])
def test_a_plugin_named_like_a_built_in_type_is_reported_and_replaces_nothing(
    tmp_path, plugins, caplog, monkeypatch, imported
):
    if not imported:
        monkeypatch.setattr(registry, "_classes", {})
    names = ["code_output_prediction", "verifiable_code_understanding"]
    plugins(tmp_path, {f"rival_{imported}": GOOD.format(decorator="")}, dict.fromkeys(names, f"rival_{imported}:Good"))
    assert "code_output_prediction" in known_task_types()
    assert "Good" not in {cls.__name__ for cls in registry._classes.values()}
    if imported:
        assert {get_verifier(name) for name in names} == {CodeUnderstanding()}
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 2
    assert all("is verified by synthetic1.rewards.code_understanding" in line and "\n" not in line for line in told)


def test_two_plugins_for_one_type_the_first_stays(tmp_path, plugins, caplog):
    modules = {"twin_one": GOOD.format(decorator=""), "twin_two": GOOD.format(decorator="@register('twin')")}
    plugins(tmp_path, modules, {"twin": "twin_one:Good", "other": "twin_two:Good"})
    assert "twin" in known_task_types()
    assert get_verifier("twin").__class__.__module__ == "twin_one"
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "`twin` is verified by twin_one:Good already, not by twin_two:Good" in told


def test_plugins_stay_unread_while_built_in_types_suffice(monkeypatch):
    monkeypatch.setattr(registry, "_plugins_loaded", False)
    get_verifier("code_output_prediction")
    assert registry._plugins_loaded is False


def test_an_unregistered_verifier_can_be_handed_to_a_scorer():
    @dataclass(frozen=True)
    class Own(Verifier):
        version: ClassVar[int] = 1

        async def verify(self, task, completion):
            return Verdict.graded(1.0)

    task = Task(problem_id="1", task_type="own", prompt="p")
    with Scorer({"own": Own()}) as scorer:
        assert scorer.score_sync([(task, "x")])[0].score == 1
    with pytest.raises(ValueError, match="Own is not registered"):
        Scorer([Own()])
