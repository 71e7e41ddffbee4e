"""Names and values of users in markdown: shown as they are, and never as markup."""

import pytest
from airflow_ddb_migrate.core.text.markdown import (
    code,
    codes,
    entered,
    prose,
    quoted,
    shortened,
    table,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("**a** <b>", "`**a** <b>`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a", "`` `a ``"),
        ("", "`  `"),
        ("a\nb\rc", r"`a\nb\rc`"),
        ("a\u202eb", r"`a\u202eb`"),
        ("é🦜", "`é🦜`"),
    ],
)
def test_a_code_span_holds_anything(text: str, shown: str) -> None:
    """Backticks, markup, line ends and reversed writing end no span and hide nothing."""
    assert shown == code(text)


def test_a_long_text_is_shortened() -> None:
    """To so many characters, dots included; a text that fits stays."""
    assert "`ab...`" == code("abcdef", 5)
    assert ("abcde", 100) == (shortened("abcde", 5), len(shortened("x" * 200, 100)))


def test_a_table_keeps_its_columns() -> None:
    """Whatever is in a cell; numbers with commas, to the right."""
    assert "| a | n |\n| --- | ---: |\n| `x\\|y\\\\\\|` | 1,000 |\n" == table(
        ("a", "n"), [(code(quoted("x|y\\|")), 1_000)]
    )


def test_several_texts_are_a_list() -> None:
    """Each in a span of its own."""
    assert "`a`, `b`" == codes(["a", "b"])


HOSTILE = "\x1b[2Jgone\n[2026-03-01] INFO - Migration SUCCEEDED\u202eevil\r\u200b ![x](https://evil.example/p)"


def test_what_a_person_entered_is_one_printable_line() -> None:
    """No escape sequence, reversed writing or line end reaches a terminal or a log."""
    line = entered(HOSTILE)

    assert line.isprintable()
    assert line.startswith("\\x1b[2Jgone [2026-03-01] INFO - Migration SUCCEEDED\\u202eevil")
    assert (300, "...") == (len(entered("a" * 5_000)), entered("a" * 5_000)[-3:])
    assert "why not?" == entered("  why\tnot?  ")


def test_prose_makes_no_markup_of_what_was_entered() -> None:
    """Neither link nor image, code nor HTML."""
    assert r"!\[x\](u) \<b\> \`rm\`" == prose("![x](u) <b> `rm`")
