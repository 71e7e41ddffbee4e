"""The pages of the reference by their path on the site."""

from collections.abc import Callable, Mapping
from typing import Final

from website.reference.classes import functions_page, operators_page, sensors_page, triggers_page
from website.reference.commands import commands_page
from website.reference.configuration import configuration_page
from website.reference.errors import errors_page
from website.reference.fields import fields_page
from website.reference.ledger import ledger_page
from website.reference.limits import limits_page
from website.reference.policies import policies_page

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/operators.md": operators_page,
    "reference/sensors.md": sensors_page,
    "reference/triggers.md": triggers_page,
    "reference/functions.md": functions_page,
    "reference/conf.md": fields_page,
    "reference/commands.md": commands_page,
    "reference/configuration.md": configuration_page,
    "reference/policies.md": policies_page,
    "reference/ledger.md": ledger_page,
    "reference/errors.md": errors_page,
    "reference/limits.md": limits_page,
}
