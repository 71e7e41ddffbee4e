"""The rules of a DAG's author: what they may be, what they refuse, and how two of them join."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import ApprovalError, InvalidInputError

ALL: dict[str, Any] = {
    "require": ("approve", "backup"),
    "tables": ["orders", "payroll"],
    "transforms": ["full_name"],
    "max_prewarm": 4_000,
    "max_cost_usd": 20,
    "max_units_per_second": 500,
    "allow_changed_transform": True,
}
RULES = AuthorRules.of(ALL)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"require": ("aprove",)}, "'aprove' is not a step that can be required"),
        ({"require": "approve"}, "require is 'approve'; it must be a list of names"),
        ({"require": [1]}, "require is 1; it must be a text"),
        ({"tables": "orders"}, "tables is 'orders'; it must be a list of names"),
        ({"tables": ["or ders"]}, "or ders"),
        ({"transforms": [""]}, "transforms is ''"),
        ({"max_prewarm": "4000"}, "max_prewarm is '4000'"),
        ({"max_prewarm": -1}, "max_prewarm is -1"),
        ({"max_prewarm": True}, "max_prewarm is True"),
        ({"max_cost_usd": float("nan")}, "max_cost_usd is nan"),
        ({"max_units_per_second": 0}, "max_units_per_second is 0"),
        ({"max_units_per_second": "500"}, "max_units_per_second is '500'"),
        ({"max_cost_usd": -1}, "max_cost_usd is -1"),
        ({"allow_changed_transform": "no"}, "allow_changed_transform is 'no'"),
        ({"max_cost": 5}, "'max_cost' is not a rule; did you mean max_cost_usd?"),
        ({"windows": "22:00-06:00 UTC"}, "windows is '22:00-06:00 UTC'; it must be a list"),
        ({"windows": ["22:00-06:00 Berlin"]}, "'Berlin' is not a time zone"),
        ("approve", "rules is 'approve'; it must be an object"),
    ],
)
def test_what_is_no_rule_is_refused(given: Any, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        AuthorRules.of(given)
    assert says in str(refused.value)


@pytest.mark.parametrize("rules", [NO_RULES, RULES, AuthorRules.of({"max_prewarm": 0})])
def test_a_record_holds_them(rules: AuthorRules) -> None:
    assert rules == AuthorRules.from_json(rules.to_json())


def test_a_record_without_them_has_none() -> None:
    assert NO_RULES == AuthorRules.from_json("")


def test_a_rule_of_a_later_version_stays_and_is_refused() -> None:
    """It stays when the rules are joined and saved; what it asks for is unknown here."""
    rules = AuthorRules.from_json('{"max_rows": 5, "require": ["audit"]}')

    for same in (rules, AuthorRules.from_json(rules.to_json()), rules.joined(RULES)):
        with pytest.raises(ApprovalError, match="requires the step audit and the rule max_rows"):
            same.check_known()
    RULES.check_known()


@pytest.mark.parametrize("other", [NO_RULES, RULES])
def test_joined_with_none_or_themselves_they_stay(other: AuthorRules) -> None:
    assert RULES == RULES.joined(other) == other.joined(RULES)


def test_joined_they_allow_what_both_allow() -> None:
    other = AuthorRules.of(
        {"require": ["dry_run"], "tables": ["orders"], "max_prewarm": 9_000, "max_cost_usd": 5}
    )

    assert (
        AuthorRules.of(
            {
                "require": ("approve", "backup", "dry_run"),
                "tables": ["orders"],
                "transforms": ["full_name"],
                "max_prewarm": 4_000,
                "max_cost_usd": 5,
                "max_units_per_second": 500,
            }
        )
        == RULES.joined(other)
        == other.joined(RULES)
    )


def test_a_step_of_a_later_version_is_kept() -> None:
    """What steers reads the rules, too; only what starts has to know every step."""
    read = AuthorRules.from_json('{"require": ["approve", "audit"], "max_cost_usd": 5}')

    assert ("approve", "audit") == read.require
    assert read == AuthorRules.from_json(read.to_json())
    with pytest.raises(InvalidInputError, match="'audit' is not a step"):
        AuthorRules.of(read.to_dict())


def test_windows_of_both_must_be_open() -> None:
    """Each author's list stays one of its own: two lists in one would add up."""
    one = AuthorRules.of({"windows": ["20:00-02:00 UTC", "04:00-05:00 UTC"]})
    both = one.joined(AuthorRules.of({"windows": ["22:00-06:00 UTC"]}))

    assert (("20:00-02:00 UTC", "04:00-05:00 UTC"), ("22:00-06:00 UTC",)) == both.windows
    assert both == AuthorRules.from_json(both.to_json()) == both.joined(one)


def test_joined_they_may_allow_nothing() -> None:
    """No table is not the same as any table."""
    joined = RULES.joined(AuthorRules.of({"tables": ["flights"]}))

    with pytest.raises(InvalidInputError, match="allows no table here"):
        joined.check_table("orders")


def test_an_approved_canary_needs_a_canary() -> None:
    assert ("canary", "canary_approve") == AuthorRules.of({"require": ["canary_approve"]}).require


def test_what_is_allowed_is_not_refused() -> None:
    RULES.check_table("payroll")
    RULES.check_transform("full_name")
    RULES.check_prewarm("prewarm_rcu", 4_000)
    RULES.check_cost_limit(20)
    RULES.check_cost_limit(None)
    RULES.check_cost(20)
    RULES.check_budget("read_units_per_second", 500)
    RULES.check_budget("read_units_per_second", None)
    assert [500, 500, 20, 0] == [*map(RULES.budget, (0, 900, 20)), NO_RULES.budget(0)]
    RULES.check_step(RequiredStep.DRY_RUN, is_on=False, how="")
    assert (20, 5, None) == (RULES.cost_limit(None), RULES.cost_limit(5), NO_RULES.cost_limit(None))


FROM_AUTHOR = "Ask the DAG's author for a higher max_cost_usd (migration_params(max_cost_usd=...))"


def refusals() -> list[Any]:
    return [
        (lambda: RULES.check_table("flights"), ("flights", "tables orders, payroll")),
        (lambda: RULES.check_transform("delete_by_predicate"), ("delete_by", "full_name")),
        (lambda: RULES.check_prewarm("prewarm_wcu", 4_001), ("prewarm_wcu is 4,001", "4,000")),
        (lambda: RULES.check_cost_limit(20.01), ("$20.01", "$20.00", "or ask the author")),
        (lambda: RULES.check_budget("write_units_per_second", 501), ("501", "500")),
        (
            lambda: RULES.check_budget("write_units_per_second", 0),
            ("0, which means no limit", "500"),
        ),
        (lambda: RULES.check_cost(21.5), ("$21.50", "$20.00", FROM_AUTHOR)),
        (
            lambda: RULES.check_step(RequiredStep.BACKUP, is_on=False, how='"backup": "auto"'),
            ("backup is off", '"backup": "auto"'),
        ),
    ]


@pytest.mark.parametrize(
    ("rules", "limit", "words"),
    [
        (NO_RULES, 5, "Give a higher max_cost_usd"),
        (RULES, 5, "Give a higher max_cost_usd, at most the $20.00 of the DAG's author"),
        (RULES, 20, FROM_AUTHOR),
        (AuthorRules.of({"max_cost_usd": 0}), 0, FROM_AUTHOR),
    ],
)
def test_a_higher_limit_is_its_own_s_to_give(rules: AuthorRules, limit: float, words: str) -> None:
    """Whoever triggers a run cannot raise the author's."""
    assert words == rules.higher_cost_limit(limit)


def test_what_the_author_set_is_the_author_s_to_change() -> None:
    """Of what would help, those alone that a run cannot change."""
    asked = "windows", "max_prewarm", "max_units_per_second"

    assert "" == NO_RULES.asks_author(*asked)
    assert (
        " The DAG's author set max_prewarm and max_units_per_second (migration_params): a run "
        "cannot go beyond these."
    ) == RULES.asks_author(*asked)
    assert " The DAG's author set windows (migration_params): a run cannot go beyond this." == (
        AuthorRules.of({"windows": ["22:00-06:00 UTC"]}).asks_author(*asked)
    )


@pytest.mark.parametrize(("check", "says"), refusals())
def test_a_refusal_names_both(check: Any, says: tuple[str, ...]) -> None:
    """What was asked for, and what the author allows."""
    with pytest.raises(InvalidInputError) as refused:
        check()
    assert [] == [words for words in says if words not in str(refused.value)]
