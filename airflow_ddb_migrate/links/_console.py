"""What the links into AWS's console share: each keeps a whole address."""

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConsoleLink(BaseAwsLink):
    """Base of links whose address is known when they are shown."""

    def format_link(self, *, url: str = "", **_: Any) -> str:
        """Return the address as it was kept."""
        return url

    @classmethod
    def show(cls, context: "Context", operator: Any, url: str) -> None:
        """Show the link at once, not only when the task's process ends; nothing without one."""
        if not operator.do_xcom_push or not url:
            return
        context["ti"].xcom_push(key=cls.key, value={"url": url})
        context["ti"].xcom_push(key=cls().xcom_key, value=url)
