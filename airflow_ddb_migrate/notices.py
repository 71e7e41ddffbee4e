"""Templates of messages, for any of Airflow's notifiers.

You can use them in any templated field of a notifier; Jinja renders them in the callback's context.
The report task provides a notice in its XCom ``notice``, and the sensor in the context of its
``on_hold_callback`` (see core/report/notice.py). For any other task, and for a report that could
not be composed, the message shows the exception.
"""

from typing import Final

_NOTICE: Final = (
    "{% set told = (notice | default(none)) or "
    "ti.xcom_pull(task_ids=ti.task_id, key='notice', map_indexes=ti.map_index) %}"
)

# A single line that fits into the subject of an SNS message.
NOTICE_TITLE: Final = (
    _NOTICE + "{% if told %}{{ told['title'] }}{% else %}"
    "{{ ('FAILED: ' if exception else '') ~ 'task ' ~ (ti.task_id | truncate(40, true, '...', 0)) "
    "~ ' of ' ~ (ti.dag_id | truncate(40, true, '...', 0)) }}{% endif %}"
)

NOTICE_TEXT: Final = (
    _NOTICE + "{% if told %}{{ told['text'] }}{% else %}{{ exception | default('', true) }}"
    "{% endif %}\n\nDAG {{ ti.dag_id }}, run {{ ti.run_id }}: {{ ti.log_url }}"
)

# For HTML mail and for Slack. Text that a person entered, such as a reason, is escaped.
NOTICE_HTML: Final = f"<pre>{{% filter e %}}{NOTICE_TEXT}{{% endfilter %}}</pre>"

NOTICE_SLACK: Final = (
    "{% filter replace('&', '&amp;') | replace('<', '&lt;') | replace('>', '&gt;') %}"
    f"*{NOTICE_TITLE}*\n{NOTICE_TEXT}{{% endfilter %}}"
)
