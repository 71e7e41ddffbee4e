"""What the doctor's checks come to: pure.

``check_results`` are their levels and results, which ``page`` shows in columns; ``judging`` has the
rules for clocks, credentials and quotas; ``template_values`` resolves a CloudFormation template,
and ``differences`` compares what it says with what there is.
"""
