"""Compose the report of a dry run or a check from the ledger and a few objects in the bucket."""

from itertools import chain, zip_longest

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.inspection.totals import InspectionTotals, evenly_chosen, read_totals
from airflow_ddb_migrate.aws.services.bucket import DIFF, Bucket, Row
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.inspection.dry_run import DryRunReport, Example, choose, example_from
from airflow_ddb_migrate.core.inspection.verify import VerifyReport

_OBJECTS = 5  # that are read, for any size of table


def compose_dry_run(site: Site) -> DryRunReport:
    """Return the report of the site's migration, a dry run, so far.

    :raises LedgerError: nothing was started under this name.
    """
    looked = read_totals(site)
    examples, missing = _examples(site, looked)
    return DryRunReport(
        **looked.fields(),
        read_units=looked.progress.units.read,
        diff_uri=_kept(site, looked).uri(f"{DIFF}/"),
        examples=examples,
        examples_missing=missing,
    )


def compose_verify(site: Site) -> VerifyReport:
    """Return the report of the site's migration, a check, so far.

    :raises LedgerError: nothing was started under this name.
    """
    return VerifyReport(**read_totals(site).fields())


def _kept(site: Site, looked: InspectionTotals) -> Bucket:
    return site.bucket.values if looked.record.show_values else site.bucket


def _examples(site: Site, looked: InspectionTotals) -> tuple[tuple[Example, ...], str]:
    """Return a few differences, or why there are none; the figures are useful without them.

    A caller that may not read values gets the types, and the reason.
    """
    lanes, show_values = evenly_chosen(looked.changing, _OBJECTS), looked.record.show_values
    rows, unknown = _rows(site.bucket.values, lanes) if show_values else ([], "")
    if not rows:  # older workers kept values together with the types
        rows, missing = _rows(site.bucket, lanes)
        show_values, unknown = show_values and not unknown, missing or unknown
    return choose(example_from(row, show_values=show_values) for row in rows), unknown


def _rows(bucket: Bucket, lanes: tuple[int, ...]) -> tuple[list[Row], str]:
    """Return the rows of one object per lane, in turn, or why they are unknown."""
    try:
        with aws_call("s3:ListBucket and s3:GetObject", f"bucket {bucket.name}, {bucket.root}/"):
            objects = [_first_object(bucket, lane) for lane in lanes]
    except MigrationError as error:
        return [], f"unknown: {error}"
    turns = chain.from_iterable(zip_longest(*objects))
    return [row for row in turns if row is not None], ""


def _first_object(bucket: Bucket, lane: int) -> list[Row]:
    path = next(bucket.paths(f"{DIFF}/{lane:06d}/"), None)
    return bucket.get(path) if path else []
