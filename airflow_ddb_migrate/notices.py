"""Templates for Airflow's notifiers: what to send, whoever sends it.

A task that has something to tell leaves a notice (a Notice of core/report/notice.py): the report in
its XCom ``notice``, the sensor in the context of its ``on_hold_callback``. Any other task, and a
report that could not be composed, is told of by its exception. Jinja renders them in the callback's
context, so they can be given to any templated field of any notifier.
"""

from typing import Final

_NOTICE: Final = (
    "{% set told = (notice | default(none)) or "
    "ti.xcom_pull(task_ids=ti.task_id, key='notice', map_indexes=ti.map_index) %}"
)

# One line, short enough for the subject of an SNS message.
NOTICE_TITLE: Final = (
    _NOTICE + "{% if told %}{{ told['title'] }}{% else %}"
    "{{ ('FAILED: ' if exception else '') ~ 'task ' ~ (ti.task_id | truncate(40, true, '...', 0)) "
    "~ ' of ' ~ (ti.dag_id | truncate(40, true, '...', 0)) }}{% endif %}"
)

NOTICE_TEXT: Final = (
    _NOTICE + "{% if told %}{{ told['text'] }}{% else %}{{ exception | default('', true) }}"
    "{% endif %}\n\nDAG {{ ti.dag_id }}, run {{ ti.run_id }}: {{ ti.log_url }}"
)

# For HTML mail and for Slack: what a person entered, such as a reason, stays text there.
NOTICE_HTML: Final = f"<pre>{{% filter e %}}{NOTICE_TEXT}{{% endfilter %}}</pre>"

NOTICE_SLACK: Final = (
    "{% filter replace('&', '&amp;') | replace('<', '&lt;') | replace('>', '&gt;') %}"
    f"*{NOTICE_TITLE}*\n{NOTICE_TEXT}{{% endfilter %}}"
)
